// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/delivery/interface/transport.hpp"
#include "core/delivery/smtp_client/smtp_session.hpp"
#include "transports/common/resting_hosts.hpp"
#include "transports/common/session_pool.hpp"

namespace outpost::transports {

/// One host to try, and how. Sessions that it opened keep it.
struct HostPlan {
    std::string host;                       ///< its name, empty for an address literal
    std::vector<net::IpAddress> addresses;  ///< tried in order until one connects
    std::uint16_t port = 25;
    delivery::SessionSettings session;
    /// Who we are to it; asked for when a new session is opened. Null: no login.
    std::function<awaitable<delivery::Login>()> login;
    RestingHosts* resting = nullptr;  ///< outlives the attempt; null: every address is tried
};

/// What came of one host.
struct HostOutcome {
    std::vector<delivery::Verdict> verdicts;  ///< for the job's recipients, in order
    bool connected = false;                   ///< TCP (or the proxy) reached it
    /// Null when an open session was used, or none came as far as TLS. A fallback in clear leaves
    /// it.
    std::shared_ptr<const tls::TlsObservation> tls;
};

/// Dials, greets, secures, logs in and sends, or uses a session that is open already: everything
/// that a transport does with one host. Never throws for what the network or the remote does. A
/// STARTTLS that fails is followed by one connection in clear where the requirement allows that.
awaitable<HostOutcome> attempt_host(
    std::shared_ptr<const HostPlan> plan, const delivery::DeliveryJob& job,
    delivery::AttemptContext& context, net::Dialer& dialer, SessionPool& pool
);

}  // namespace outpost::transports
