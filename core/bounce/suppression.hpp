// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>
#include <string>

#include "core/bounce/dsn_report.hpp"
#include "core/mail/address.hpp"
#include "core/smtp/reply.hpp"

/// Which addresses get no more mail for a time, since mail to them failed for good.
namespace outpost::bounce {

/// Whether one such failure is enough: the mailbox, its domain or our right to write to it is
/// refused for good. These are the replies 521, 550, 551, 553 and 556, and any permanent failure
/// with the status x.1.1, x.1.2, x.1.3, x.1.6, x.2.1 or x.7.1 (RFC 3463). A failure without a reply
/// (`reply_code` is none) is permanent when the status says so.
bool suppresses_at_once(
    std::optional<int> reply_code, const std::optional<smtp::EnhancedStatus>& status
);
/// The same of a report: of its status, and of the reply that it quotes.
bool suppresses_at_once(const RecipientReport& report);

/// What is compared, so that an address suppresses the others of the same mailbox too: the local
/// part up to the first '+' and then up to the first '-', without dots, in lower case (ASCII only);
/// '@' and the domain. Where nothing would be left of the local part, all of it stays. It is no
/// address: nothing is quoted. SQL: outpost_private.suppression_key.
std::string suppression_key(const mail::Address& address);

}  // namespace outpost::bounce
