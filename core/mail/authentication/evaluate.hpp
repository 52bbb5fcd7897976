// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <asio/thread_pool.hpp>

#include <memory>
#include <string>
#include <vector>

#include "core/foundation/async/awaitable.hpp"
#include "core/foundation/async/deadline.hpp"
#include "core/foundation/base/clock.hpp"
#include "core/mail/authentication/verdicts.hpp"
#include "core/mail/message/address.hpp"
#include "core/mail/message/header.hpp"
#include "core/net/dns/resolver.hpp"
#include "core/net/sockets/endpoint.hpp"

namespace outpost::authentication {

/// A message as a stranger handed it in, before anything is added to it.
struct ReceivedMessage {
    net::IpAddress client;
    std::string helo;         ///< as it came
    mail::Address mail_from;  ///< null for reports
    std::shared_ptr<const mail::Header> header;
    std::shared_ptr<const std::vector<std::string>> body;
};

/// Runs every method on one message, one after another: a stranger can cost us one look-up at a
/// time. The deadline is for all of them together; methods that it cuts off say temperror. DKIM
/// hashes on a thread of `workers`, as a large body would keep an event loop from its other
/// sessions; null: on the caller's executor.
awaitable<Verdicts> evaluate(
    ReceivedMessage message, dns::Resolver& resolver, Deadline deadline,
    WallTime now = WallClock::now(), asio::thread_pool* workers = nullptr
);

}  // namespace outpost::authentication
