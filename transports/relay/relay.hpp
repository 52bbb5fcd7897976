// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <functional>
#include <memory>

#include "core/delivery/transport.hpp"
#include "transports/settings.hpp"

namespace outpost::transports {

/// Fetches a bearer token; may take its time. Throws std::runtime_error with the reason.
using TokenProvider = std::function<awaitable<Secret>()>;

/// Hands all mail to one relay with several hosts: smtp (STARTTLS on port 25), submission (STARTTLS on
/// 587) or submissions (TLS from the first octet on 465), with a login where configured. A login that
/// is refused defers the mail and is logged as an error: it never bounces the queue.
delivery::TransportPtr make_relay(std::string name, RelaySettings settings, std::shared_ptr<net::Dialer> dialer, TokenProvider token);

}  // namespace outpost::transports
