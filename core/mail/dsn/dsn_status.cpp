// SPDX-License-Identifier: Apache-2.0
#include "core/mail/dsn/dsn_status.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/foundation/base/encoding.hpp"
#include "core/foundation/base/safe_text.hpp"
#include "core/mail/message/trace.hpp"
#include "core/mail/message/xtext.hpp"
#include "core/mail/smtp/reply.hpp"

namespace outpost::dsn {
namespace {

constexpr std::size_t max_word = 900;  // a line holds 998 octets (RFC 5322 section 2.1.1)
constexpr std::size_t max_diagnostic =
    4096;  // RFC 3464 leaves it open; a reply line has 512 octets
constexpr std::size_t fold_column = 76;

/// Writes fields so that no value can break out of its field.
class FieldWriter {
  public:
    explicit FieldWriter(Charset charset) : charset_(charset) {}

    /// Folded at spaces: no continuation line is empty, so none can end the header section.
    void add(std::string_view name, std::string_view value, std::size_t max_octets = max_word) {
        const std::string text = safe(value, max_octets);
        out_ += fmt::format("{}:", name);
        std::size_t column = name.size() + 1;
        for (std::string_view rest = trim(text); !rest.empty(); rest = trim(rest)) {
            const auto word = rest.substr(0, std::min(rest.find(' '), max_word));
            if (column + 1 + word.size() > fold_column && column > name.size() + 1) {
                out_ += "\r\n";
                column = 0;
            }
            out_ += ' ';
            out_ += word;
            column += 1 + word.size();
            rest.remove_prefix(word.size());
        }
        out_ += "\r\n";
    }
    void end_group() { out_ += "\r\n"; }
    std::string finish() && { return std::move(out_); }

  private:
    std::string safe(std::string_view value, std::size_t max_octets) const {
        return safe_text(value, charset_, max_octets);
    }

    Charset charset_;
    std::string out_;
};

/// "rfc822;user@example.org", or the utf-8 address type (RFC 6533 section 3) for what ASCII cannot
/// say.
std::string typed_address(const mail::Address& address, bool global) {
    if (!address.needs_smtputf8()) return "rfc822;" + address.wire();
    return "utf-8;" + (global ? address.unicode() : mail::escape_unicode(address.unicode()));
}

std::string original_recipient(const std::string& orcpt, bool global) {
    return global ? orcpt : mail::escape_unicode(orcpt);
}

/// A failure may have a status of class 4: a temporary condition that lasted too long (RFC 3463
/// section 2). Other statuses that contradict the action are replaced by the action's general one.
std::string status_of(const DsnRecipient& recipient) {
    const bool failed = recipient.action == DsnAction::failed;
    const std::uint16_t klass = failed ? 5 : recipient.action == DsnAction::delayed ? 4 : 2;
    const auto status = smtp::EnhancedStatus::parse(recipient.status);
    if (status && (status->klass == klass || (failed && status->klass == 4))) return status->text();
    return fmt::format("{}.0.0", klass);
}

std::string remote_mta(const DsnRecipient& recipient) {
    if (recipient.remote_host.empty()) return fmt::format("dns;[{}]", recipient.remote_ip);
    if (recipient.remote_ip.empty()) return "dns;" + recipient.remote_host;
    return fmt::format("dns;{} ({})", recipient.remote_host, recipient.remote_ip);
}

std::string joined(const std::vector<std::string>& lines) {
    std::string out;
    for (const auto& line : lines) {
        if (!out.empty()) out += ' ';
        out += line;
        if (out.size() > max_diagnostic) break;
    }
    return out;
}

void add_message(FieldWriter& fields, const DsnFacts& facts) {
    if (!facts.envid.empty()) fields.add("Original-Envelope-Id", facts.envid);
    fields.add("Reporting-MTA", "dns;" + facts.reporting_mta);
    fields.add("Arrival-Date", mail::rfc5322_date(facts.arrival));
}

void add_recipient(FieldWriter& fields, const DsnRecipient& recipient, bool global) {
    fields.end_group();
    if (!recipient.orcpt.empty()) {
        fields.add("Original-Recipient", original_recipient(recipient.orcpt, global));
    }
    fields.add("Final-Recipient", typed_address(recipient.address, global));
    fields.add("Action", to_string(recipient.action));
    fields.add("Status", status_of(recipient));
    if (!recipient.remote_host.empty() || !recipient.remote_ip.empty()) {
        fields.add("Remote-MTA", remote_mta(recipient));
    }
    if (!recipient.diagnostic.empty()) {
        fields.add("Diagnostic-Code", "smtp; " + joined(recipient.diagnostic), max_diagnostic);
    }
    if (recipient.last_attempt != WallTime{}) {
        fields.add("Last-Attempt-Date", mail::rfc5322_date(recipient.last_attempt));
    }
    if (recipient.action == DsnAction::delayed && recipient.will_retry_until != WallTime{}) {
        fields.add("Will-Retry-Until", mail::rfc5322_date(recipient.will_retry_until));
    }
}

}  // namespace

std::string dsn_status(const DsnFacts& facts) {
    FieldWriter fields(facts.smtputf8 ? Charset::utf8 : Charset::ascii);
    add_message(fields, facts);
    for (const auto& recipient : facts.recipients)
        add_recipient(fields, recipient, facts.smtputf8);
    return std::move(fields).finish();
}

}  // namespace outpost::dsn
