// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

#include "core/mail/message/trace.hpp"
#include "core/mail/smtp/server_policy.hpp"

/// What a session tells of a message, for its Received field and for the log.
namespace outpost::submission {

/// Client, protocol (RFC 3848, RFC 6531 section 4.3) and TLS. Our name, id and time are missing.
mail::ReceivedFacts trace_of(
    const smtp::ServerClient& client, const smtp::Transaction& transaction
);
/// "192.0.2.1 helo mx.example", for people.
std::string describe(const smtp::ServerClient& client);

}  // namespace outpost::submission
