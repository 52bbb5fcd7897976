// SPDX-License-Identifier: Apache-2.0
#include "core/mail/message/address.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <asio/ip/address_v4.hpp>
#include <asio/ip/address_v6.hpp>

#include "core/foundation/base/encoding.hpp"
#include "core/foundation/base/safe_text.hpp"

namespace outpost::mail {
namespace {

// RFC 5321 section 4.5.3.1.3 allows a path of 256 octets, angle brackets included. The limit of 64
// for the local part is not enforced: return paths that encode a recipient exceed it every day.
constexpr std::size_t max_wire = 254;
constexpr std::size_t max_input = 2048;

/// RFC 5322 section 3.2.3, with the non-ASCII of RFC 6531 section 3.3.
constexpr bool is_atext(char c) noexcept {
    if (static_cast<unsigned char>(c) >= 0x80) return true;
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("!#$%&'*+-/=?^_`{|}~").find(c) != std::string_view::npos;
}

bool is_dot_string(std::string_view local) {
    if (local.empty() || local.front() == '.' || local.back() == '.') return false;
    if (local.find("..") != std::string_view::npos) return false;
    return std::all_of(local.begin(), local.end(), [](char c) { return c == '.' || is_atext(c); });
}

/// A local part as found at the beginning of the text, unquoted, and what follows it.
struct LocalPart {
    std::string content;
    std::string_view rest;
};

Result<LocalPart> parse_quoted(std::string_view text) {
    LocalPart part;
    for (std::size_t i = 1; i < text.size(); ++i) {
        if (text[i] == '"') {
            part.rest = text.substr(i + 1);
            return part;
        }
        if (text[i] == '\\' && ++i == text.size()) break;
        part.content += text[i];
    }
    return Err("a quotation mark is not closed");
}

Result<LocalPart> parse_unquoted(std::string_view text) {
    const auto at = text.find('@');
    const auto local = text.substr(0, at);
    if (!is_dot_string(local)) {
        if (local.empty()) return Err("nothing stands before the @");
        const bool dots =
            std::all_of(local.begin(), local.end(), [](char c) { return c == '.' || is_atext(c); });
        return Err(
            dots ? "a dot stands at the beginning or end of the part before the @, or twice "
                   "in a row: such a part must be written in quotation marks"
                 : "the part before the @ has characters that must be written in quotation "
                   "marks"
        );
    }
    return LocalPart{std::string(local), at == text.npos ? std::string_view() : text.substr(at)};
}

/// The IP address in brackets, in its canonical form (RFC 5321 section 4.1.3).
Result<std::string> parse_literal(std::string_view text) {
    if (!text.ends_with(']')) return Err("the bracket is not closed");
    const std::string inner(text.substr(1, text.size() - 2));
    constexpr std::string_view tag = "IPv6:";
    asio::error_code bad;
    if (inner.size() > tag.size() && iequals(std::string_view(inner).substr(0, tag.size()), tag)) {
        const auto ip = asio::ip::make_address_v6(inner.substr(tag.size()), bad);
        if (!bad && inner.find('%') == std::string::npos) return ip.to_string();
    } else {
        const auto ip = asio::ip::make_address_v4(inner, bad);
        if (!bad) return ip.to_string();
    }
    return Err("what stands in brackets is no IP address ([192.0.2.1] or [IPv6:2001:db8::1])");
}

std::string quoted_if_needed(const std::string& local) {
    if (is_dot_string(local)) return local;
    std::string out = "\"";
    for (const char c : local) {
        if (c == '"' || c == '\\') out += '\\';
        out += c;
    }
    return out + '"';
}

std::string bracketed(const std::string& ip) {
    const bool v6 = ip.find(':') != std::string::npos;
    return fmt::format("[{}{}]", v6 ? "IPv6:" : "", ip);
}

std::string describe(std::string_view text, std::string_view fault) {
    return fmt::format(
        "\"{}\" is not a mail address: {}", safe_text(text, Charset::utf8, 80), fault
    );
}

}  // namespace

Result<Address> Address::parse(std::string_view text) {
    if (text.size() > max_input) return Err(describe(text, "it is too long"));
    if (!is_clean_utf8(text)) {
        return Err(describe(text, "it contains control characters or is not UTF-8"));
    }
    auto part = text.starts_with('"') ? parse_quoted(text) : parse_unquoted(text);
    if (!part) return Err(describe(text, part.error()));
    if (part->content.empty()) return Err(describe(text, "nothing stands before the @"));
    if (!part->rest.starts_with('@')) return Err(describe(text, "an @ and a domain are missing"));
    const auto right = part->rest.substr(1);

    Address address;
    address.local_ = std::move(part->content);
    if (right.starts_with('[')) {
        auto literal = parse_literal(right);
        if (!literal) return Err(describe(text, literal.error()));
        address.literal_ = *std::move(literal);
    } else {
        auto domain = Domain::parse(right);
        if (!domain) return Err(domain.error());
        address.domain_ = *std::move(domain);
    }
    if (address.wire().size() > max_wire) return Err(describe(text, "it is too long"));
    return address;
}

bool Address::needs_smtputf8() const noexcept {
    return !is_ascii(local_);
}

std::string Address::wire() const {
    if (is_null()) return {};
    return quoted_if_needed(local_) + '@' +
           (literal_.empty() ? domain_.ascii() : bracketed(literal_));
}

std::string Address::unicode() const {
    if (is_null()) return {};
    return quoted_if_needed(local_) + '@' +
           (literal_.empty() ? domain_.unicode() : bracketed(literal_));
}

}  // namespace outpost::mail
