// SPDX-License-Identifier: Apache-2.0
#include "core/mail/dsn/dsn.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/foundation/base/safe_text.hpp"
#include "core/mail/dsn/dsn_status.hpp"
#include "core/mail/dsn/dsn_text.hpp"
#include "core/mail/message/header.hpp"
#include "core/mail/message/mime.hpp"
#include "core/mail/message/trace.hpp"

namespace outpost::dsn {
namespace {

// A large original would make the report as hard to deliver as the original was (and a good
// weapon).
constexpr std::size_t largest_full_return = 1024 * 1024;
constexpr std::size_t largest_header_return = 256 * 1024;
constexpr std::size_t longest_reference = 900;

struct Part {
    std::string type;
    std::string content;
    bool encoded = false;
};

/// Encodes what some server on the way might not carry: the next hop may lack 8BITMIME, and a
/// report that cannot be delivered has nowhere to go.
Part make_part(std::string type, std::string content) {
    Part part{std::move(type), std::move(content), false};
    if (!mail::is_seven_bit(part.content)) {
        part.content = mail::quoted_printable(part.content);
        part.encoded = true;
    }
    return part;
}

/// The whole original was asked for, and there is a failure to return it with (RFC 3461 section
/// 4.3).
bool returns_whole(const DsnFacts& facts) {
    const bool failure =
        std::any_of(facts.recipients.begin(), facts.recipients.end(), [](const auto& r) {
            return r.action == DsnAction::failed;
        });
    return failure && facts.ret == smtp::Ret::full && facts.original &&
           facts.original->size() <= largest_full_return;
}

std::string whole_text(const mail::Content& content) {
    std::string out = content.header();
    for (const auto& chunk : content.body())
        out += chunk;
    return out;
}

/// The fields of the original, without the empty line, cut after the last line that still fits.
std::string fields_text(std::string_view header) {
    if (header.size() > largest_header_return) {
        header = header.substr(0, header.rfind("\r\n", largest_header_return - 2) + 2);
    }
    if (header.ends_with("\r\n\r\n")) header.remove_suffix(2);
    return std::string(header);
}

/// The original in the right form. Only the message/global types may be encoded (RFC 6532 section
/// 3.7; RFC 2046 forbids it for message/rfc822), so octets above 127 need them too.
Part original_part(const DsnFacts& facts, bool whole) {
    if (whole) {
        auto text = whole_text(*facts.original);
        const bool global = facts.smtputf8 || facts.eightbit || !mail::is_seven_bit(text);
        return make_part(global ? "message/global" : "message/rfc822", std::move(text));
    }
    return make_part(
        facts.smtputf8 ? "message/global-headers" : "text/rfc822-headers",
        fields_text(facts.original_header)
    );
}

Part status_part(const DsnFacts& facts) {
    return make_part(
        facts.smtputf8 ? "message/global-delivery-status" : "message/delivery-status",
        dsn_status(facts)
    );
}

/// A Message-ID fit to be repeated: a stranger wrote it.
bool is_reference(std::string_view id) {
    return id.size() > 2 && id.size() <= longest_reference && id.front() == '<' &&
           id.back() == '>' && std::all_of(id.begin() + 1, id.end() - 1, [](char c) {
               return c > ' ' && c < 0x7f && c != '<' && c != '>';
           });
}

std::string header_of(const DsnFacts& facts, const std::string& boundary) {
    const auto host = safe_text(facts.reporting_mta, Charset::ascii, 255);
    const auto to = facts.to.needs_smtputf8() ? facts.to.unicode() : facts.to.wire();
    std::string out;
    out += fmt::format("From: Mail Delivery System <postmaster@{}>\r\n", host);
    out += fmt::format("To: {}\r\n", to);
    out += fmt::format("Subject: {}\r\n", dsn_subject(facts));
    out += fmt::format("Date: {}\r\n", mail::rfc5322_date(facts.now));
    out += fmt::format("Message-ID: {}\r\n", mail::make_message_id(host));
    if (is_reference(facts.original_message_id)) {
        out += fmt::format("References: {}\r\n", facts.original_message_id);
    }
    out += "Auto-Submitted: auto-replied\r\n";
    out += "MIME-Version: 1.0\r\n";
    out += fmt::format(
        "Content-Type: multipart/report; report-type=delivery-status;\r\n boundary=\"{}\"\r\n",
        boundary
    );
    return out + "\r\n";
}

std::string rendered(const Part& part, const std::string& boundary) {
    return fmt::format(
        "\r\n--{}\r\nContent-Type: {}\r\n{}\r\n{}", boundary, part.type,
        part.encoded ? "Content-Transfer-Encoding: quoted-printable\r\n" : "", part.content
    );
}

}  // namespace

std::string_view to_string(DsnAction action) noexcept {
    switch (action) {
        case DsnAction::failed:
            return "failed";
        case DsnAction::delayed:
            return "delayed";
        case DsnAction::delivered:
            return "delivered";
        case DsnAction::relayed:
            return "relayed";
        case DsnAction::expanded:
            return "expanded";
    }
    return "failed";
}

mail::Content compose_dsn(const DsnFacts& facts) {
    const bool whole = returns_whole(facts);
    const Part parts[] = {
        make_part("text/plain; charset=utf-8", dsn_text(facts, whole)), status_part(facts),
        original_part(facts, whole)
    };
    std::string contents;
    for (const auto& part : parts)
        contents += part.content;
    const auto boundary = mail::make_boundary(contents, contents);

    std::vector<std::string> body = {
        "This is a report on the delivery of a message, in MIME format.\r\n"
    };
    for (const auto& part : parts)
        body.push_back(rendered(part, boundary));
    body.push_back(fmt::format("\r\n--{}--\r\n", boundary));
    return {header_of(facts, boundary), std::move(body)};
}

}  // namespace outpost::dsn
