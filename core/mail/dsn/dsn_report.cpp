// SPDX-License-Identifier: Apache-2.0
#include "core/mail/dsn/dsn_report.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "core/foundation/base/encoding.hpp"
#include "core/foundation/base/safe_text.hpp"
#include "core/mail/message/header.hpp"
#include "core/mail/message/multipart.hpp"
#include "core/mail/message/xtext.hpp"

namespace outpost::dsn {
namespace {

constexpr std::size_t most_body_octets = 1 << 20;
constexpr std::size_t most_status_octets = 256 << 10;
constexpr std::size_t most_recipients = 100;
constexpr std::size_t most_parts = 20;
constexpr int deepest_multipart = 4;
constexpr std::size_t longest_name = 320;  // an address has 254 octets, a host name 253
constexpr std::size_t longest_diagnostic = 2000;

constexpr std::array<std::pair<std::string_view, Action>, 5> actions{{
    {"failed", Action::failed},
    {"delayed", Action::delayed},
    {"delivered", Action::delivered},
    {"relayed", Action::relayed},
    {"expanded", Action::expanded},
}};

std::string shown(std::string_view text, std::size_t most) {
    return safe_text(trim(text), Charset::utf8, most);
}

/// The beginning of the body, in one piece.
std::string beginning_of_body(const mail::Content& content) {
    std::string body;
    for (const auto& chunk : content.body()) {
        body.append(chunk, 0, most_body_octets - body.size());
        if (body.size() == most_body_octets) break;
    }
    return body;
}

bool is_report(const mail::ContentType& type) {
    const auto kind = type.parameter("report-type");
    return type.type == "multipart/report" && (kind.empty() || iequals(kind, "delivery-status"));
}

bool is_status(const mail::ContentType& type) {
    return type.type == "message/delivery-status" || type.type == "message/global-delivery-status";
}

/// The part for programs in a report, or in a multipart around it.
std::optional<std::string> find_status(const mail::Entity& entity, int depth = 1) {
    const auto type = entity.content_type();
    if (!type.is_multipart() || depth > deepest_multipart) return std::nullopt;
    for (const auto& part :
         mail::split_multipart(entity.body, type.parameter("boundary"), most_parts)) {
        if (is_report(type) && is_status(part.content_type()))
            return part.decoded_body(most_status_octets);
        if (auto found = find_status(part, depth + 1)) return found;
    }
    return std::nullopt;
}

/// The groups of fields in a status text, which empty lines separate.
std::vector<std::string_view> split_groups(std::string_view text) {
    std::vector<std::string_view> groups;
    std::size_t begin = 0;
    for (std::size_t at = 0; at < text.size();) {
        const auto end = text.find('\n', at);
        const auto next = end == text.npos ? text.size() : end + 1;
        const auto line = text.substr(at, next - at);
        if (line == "\n" || line == "\r\n") {
            if (at > begin) groups.push_back(text.substr(begin, at - begin));
            begin = next;
        }
        at = next;
    }
    if (begin < text.size()) groups.push_back(text.substr(begin));
    return groups;
}

/// A field of the form "type; value" (RFC 3464 section 2.1.2). Some systems leave the type out.
struct TypedValue {
    std::string type;  ///< in lower case
    std::string value;
};

TypedValue split_type(const std::string& field) {
    const auto semicolon = field.find(';');
    if (semicolon == field.npos) return {"", field};
    return {
        to_lower(trim(std::string_view(field).substr(0, semicolon))),
        std::string(trim(std::string_view(field).substr(semicolon + 1)))
    };
}

std::string address_in(const std::string& field) {
    auto [type, address] = split_type(field);
    if (address.size() > 2 && address.starts_with('<') && address.ends_with('>'))
        address = address.substr(1, address.size() - 2);
    if (type == "utf-8") address = mail::unescape_unicode(address);  // RFC 6533
    return shown(address, longest_name);
}

std::string host_in(const std::string& field) {
    return shown(split_type(field).value, longest_name);
}

/// The first word: some systems add a comment.
std::string_view first_word(std::string_view text) {
    return text.substr(0, text.find_first_of(" \t(;"));
}

Action parse_action(const std::string& field) {
    for (const auto& [word, action] : actions) {
        if (iequals(first_word(field), word)) return action;
    }
    return Action::unrecognised;
}

/// A report that contradicts itself must not count as a failure, nor as a delivery.
bool contradicts(Action action, const smtp::EnhancedStatus& status) {
    switch (action) {
        case Action::failed:
            return status.klass == 2;
        case Action::delayed:
            return status.klass != 4;
        case Action::delivered:
        case Action::relayed:
        case Action::expanded:
            return status.klass != 2;
        case Action::unrecognised:
            return false;
    }
    return false;
}

std::optional<int> parse_reply_code(std::string_view text) {
    const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
    if (text.size() < 3 || text[0] < '2' || text[0] > '5' || !is_digit(text[1]) ||
        !is_digit(text[2]))
        return std::nullopt;
    if (text.size() > 3 && text[3] != ' ' && text[3] != '-') return std::nullopt;
    return (text[0] - '0') * 100 + (text[1] - '0') * 10 + (text[2] - '0');
}

/// "smtp; 550 5.1.1 no such user", with the reply's code and status taken out.
void read_diagnostic(const std::string& field, RecipientReport& report) {
    const auto [type, text] = split_type(field);
    report.diagnostic = shown(text, longest_diagnostic);
    if (type != "smtp") return;
    report.reply_code = parse_reply_code(text);
    if (report.reply_code && text.size() > 4)
        report.reply_status =
            smtp::EnhancedStatus::parse(first_word(std::string_view(text).substr(4)));
}

/// The values of a group's fields. The first of a name counts.
class Group {
  public:
    explicit Group(std::string_view text) : fields_(std::string(text)) {}

    bool has(std::string_view name) const { return fields_.find(name).has_value(); }
    std::string value(std::string_view name) const {
        const auto found = fields_.find(name);
        return found ? found->value() : std::string();
    }

  private:
    mail::Header fields_;
};

RecipientReport parse_recipient(const Group& group) {
    RecipientReport report;
    report.final_recipient = address_in(group.value("Final-Recipient"));
    report.original_recipient = address_in(group.value("Original-Recipient"));
    report.remote_mta = host_in(group.value("Remote-MTA"));
    report.status = smtp::EnhancedStatus::parse(first_word(group.value("Status")));
    report.action = parse_action(group.value("Action"));
    if (report.status && contradicts(report.action, *report.status))
        report.action = Action::unrecognised;
    read_diagnostic(group.value("Diagnostic-Code"), report);
    return report;
}

DsnReport parse_status(std::string_view text) {
    DsnReport report;
    for (const auto group_text : split_groups(text)) {
        const Group group(group_text);
        // The fields of the message come first, but some systems forget the empty line after them.
        if (report.reporting_mta.empty())
            report.reporting_mta = host_in(group.value("Reporting-MTA"));
        if (report.original_envelope_id.empty())
            report.original_envelope_id = shown(group.value("Original-Envelope-Id"), longest_name);
        const bool of_recipient = group.has("Final-Recipient") || group.has("Action");
        if (of_recipient) report.recipients.push_back(parse_recipient(group));
        if (report.recipients.size() == most_recipients) break;
    }
    return report;
}

}  // namespace

std::string_view name(Action action) noexcept {
    for (const auto& [word, named] : actions) {
        if (named == action) return word;
    }
    return "unrecognised";
}

Result<DsnReport> parse_dsn(const mail::Content& content) {
    const auto body = beginning_of_body(content);
    const auto status = find_status({content.header(), body});
    if (!status) return Err{"it is no multipart/report with a delivery status"};
    auto report = parse_status(*status);
    if (report.recipients.empty()) return Err{"its delivery status names no recipient"};
    return report;
}

}  // namespace outpost::dsn
