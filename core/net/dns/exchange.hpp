// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "core/net/dns/wire.hpp"
#include "core/net/sockets/endpoint.hpp"

namespace outpost::dns {

/// Asks one server one question: by UDP from a fresh port, by TCP where the answer is truncated
/// (RFC 7766), without EDNS where the server does not understand it. Never throws for what the
/// network does. SERVFAIL and REFUSED are responses here.
awaitable<Result<Response, Failure>> exchange(
    net::Endpoint server, Question question, Want want, Deadline deadline
);

}  // namespace outpost::dns
