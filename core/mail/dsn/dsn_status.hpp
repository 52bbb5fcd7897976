// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

#include "core/mail/dsn/dsn.hpp"

/// The part of a delivery status notification that programs read (RFC 3464, RFC 6533).
namespace outpost::dsn {

/// The content of message/delivery-status in ASCII, or of message/global-delivery-status in UTF-8
/// when the original used SMTPUTF8.
std::string dsn_status(const DsnFacts& facts);

}  // namespace outpost::dsn
