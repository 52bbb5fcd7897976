// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <string>

#include "core/mail/message/address.hpp"
#include "core/mail/smtp/dsn_parameters.hpp"

namespace outpost::smtp {

/// A recipient of a message: the forward-path of RCPT (RFC 5321 section 4.1.1.3) and what it says
/// about reports (RFC 3461 section 4). The same from the command to the last attempt.
struct Recipient {
    mail::Address address;
    Notify notify;
    std::string orcpt;        ///< "rfc822;user@example.org", xtext-decoded; empty when not given
    std::int32_t number = 0;  ///< within the queued message, from 1; 0 before it is queued
};

}  // namespace outpost::smtp
