// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <optional>

#include "core/mail/message/header.hpp"
#include "core/mail/smtp/reply.hpp"

namespace outpost::submission {

/// Refuses a header section that is too large to be honest, and a message that goes round in
/// circles (RFC 5321 section 6.3).
std::optional<smtp::Reply> check_header_limits(
    const mail::Header& header, std::size_t max_received_fields
);

}  // namespace outpost::submission
