// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <asio/thread_pool.hpp>

#include <memory>

#include "core/delivery/interface/transport.hpp"
#include "transports/relay/settings.hpp"

namespace outpost::transports {

/// Hands all mail to one relay with several hosts: smtp (STARTTLS on port 25), submission (STARTTLS
/// on 587) or submissions (TLS from the first octet on 465), with a login where configured. A login
/// that is refused defers the mail and is logged as an error: it never bounces the queue. `workers`
/// fetch tokens and compute proofs; they must outlive the transport.
delivery::TransportPtr make_relay(
    std::string name, RelaySettings settings, std::shared_ptr<net::Dialer> dialer,
    asio::thread_pool& workers
);

}  // namespace outpost::transports
