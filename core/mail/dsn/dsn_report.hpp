// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/foundation/base/result.hpp"
#include "core/mail/message/content.hpp"
#include "core/mail/smtp/reply.hpp"

namespace outpost::dsn {

/// What happened to the mail for a recipient, according to a report (RFC 3464 section 2.3.3).
enum class Action {
    failed,        ///< given up; by the status for good (5.y.z), or after many attempts (4.y.z)
    delayed,       ///< not yet delivered; attempts go on
    delivered,     ///< in the mailbox
    relayed,       ///< handed to a system that sends no reports
    expanded,      ///< handed to more than one recipient, by a list or an alias
    unrecognised,  ///< another word, none, or one that the status contradicts
};
/// The word of RFC 3464, or "unrecognised".
std::string_view name(Action action) noexcept;

/// What a delivery status notification says of one recipient. All texts are the stranger's, made
/// into one line of well-formed UTF-8 and cut to a reasonable length; empty where the field is
/// missing.
struct RecipientReport {
    std::string final_recipient;     ///< address, without its type
    std::string original_recipient;  ///< address, without its type
    Action action = Action::unrecognised;
    std::optional<smtp::EnhancedStatus> status;
    std::string diagnostic;  ///< without its type: what the remote MTA said, when that is "smtp"
    std::optional<int> reply_code;                     ///< of a diagnostic that is an SMTP reply
    std::optional<smtp::EnhancedStatus> reply_status;  ///< in that reply
    std::string remote_mta;                            ///< name, without its type
};

/// A delivery status notification (RFC 3464, RFC 6533).
struct DsnReport {
    std::string reporting_mta;                ///< name, without its type
    std::string original_envelope_id;         ///< ENVID of RFC 3461
    std::vector<RecipientReport> recipients;  ///< at least one
};

/// Reads a delivery status notification: multipart/report with a message/delivery-status or
/// message/global-delivery-status. It may stand in another multipart (some systems add a footer),
/// but never in an attached message: that one is what came back. Looks at the first MiB of the body
/// and the first 100 recipients. The error is a sentence that says why the message is not a report.
Result<DsnReport> parse_dsn(const mail::Content& content);

}  // namespace outpost::dsn
