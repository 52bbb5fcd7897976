// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

#include "core/mail/dsn/dsn.hpp"

/// The part of a delivery status notification that people read.
namespace outpost::dsn {

/// The Subject: what happened, for all recipients together.
std::string dsn_subject(const DsnFacts& facts);
/// Plain text in UTF-8 with CRLF line ends. `returned_whole` says what the last part of the report
/// holds.
std::string dsn_text(const DsnFacts& facts, bool returned_whole);

}  // namespace outpost::dsn
