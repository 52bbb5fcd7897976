// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>
#include <string>

#include "core/mail/dsn/dsn_report.hpp"
#include "core/mail/message/address.hpp"
#include "core/mail/smtp/reply.hpp"

/// Which addresses get no more mail for a time, because mail to them failed permanently.
namespace outpost::dsn {

/// A permanent failure, as far as it is known.
struct Refusal {
    std::optional<int> reply_code;
    std::optional<smtp::EnhancedStatus> status;
    /// A host of the recipient's own domain said so in reply to RCPT. Then it is about the
    /// recipient even without a status.
    bool of_rcpt_by_mx = false;
};

/// Whether one such failure is enough: the mailbox or its domain does not exist, or is disabled.
///
/// The enhanced status decides where there is one that says more than x.0.0: x.1.1, x.1.2, x.1.3,
/// x.1.6, x.1.10 or x.2.1 (RFC 3463, RFC 7505). All others are about something else, above all
/// x.7.z: a policy, which may let the next message pass. Without a status the replies 521, 550,
/// 551, 553 and 556 count, but only in reply to RCPT and from a host of the recipient's domain: a
/// relay may mean our right to use it, and a reply to the data is about the data.
bool suppresses_at_once(const Refusal& refusal);
/// The same for a report: of its status or, where that is vague, of the one in the reply it quotes.
bool suppresses_at_once(const RecipientReport& report);

/// What is compared, so that an address suppresses the others of the same mailbox too: the local
/// part up to the first '+' and then up to the first '-', without dots, in lower case (ASCII only);
/// '@' and the domain. Where nothing would be left of the local part, all of it stays. It is not an
/// address: nothing is quoted. SQL: outpost_private.suppression_key.
std::string suppression_key(const mail::Address& address);

}  // namespace outpost::dsn
