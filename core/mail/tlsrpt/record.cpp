// SPDX-License-Identifier: Apache-2.0
#include "core/mail/tlsrpt/record.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string_view>

#include "core/foundation/base/encoding.hpp"
#include "core/foundation/base/percent.hpp"
#include "core/foundation/base/sequence.hpp"

namespace outpost::tlsrpt {
namespace {

constexpr std::string_view version = "v=TLSRPTv1";
constexpr std::string_view mailto = "mailto:", https = "https:";
constexpr std::size_t longest_name = 32;

constexpr bool is_letter(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

constexpr bool is_alphanumeric(char c) noexcept {
    return is_letter(c) || (c >= '0' && c <= '9');
}

constexpr bool is_visible(char c) noexcept {
    return c > ' ' && c <= '~';
}

std::string_view without_blanks(std::string_view text) noexcept {
    constexpr std::string_view blanks = " \t";
    const auto first = text.find_first_not_of(blanks);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

/// What precedes the separator; `rest` becomes what follows it, none after the last.
std::string_view take(std::optional<std::string_view>& rest, char separator) noexcept {
    const std::string_view all = *rest;
    const auto end = all.find(separator);
    if (end == std::string_view::npos) {
        rest.reset();
    } else {
        rest = all.substr(end + 1);
    }
    return without_blanks(all.substr(0, end));
}

/// What follows the version and its semicolon; none when the record is of another kind.
std::optional<std::string_view> fields_of(std::string_view text) noexcept {
    if (!text.starts_with(version)) return std::nullopt;
    text = without_blanks(text.substr(version.size()));
    if (!text.starts_with(';')) return std::nullopt;
    return text.substr(1);
}

/// "tlsrpt-extension" of section 3.
bool is_extension(std::string_view name, std::string_view value) noexcept {
    const auto in_name = [](char c) {
        return is_alphanumeric(c) || c == '_' || c == '-' || c == '.';
    };
    const auto in_value = [](char c) { return is_visible(c) && c != '='; };
    return !name.empty() && name.size() <= longest_name && is_alphanumeric(name.front()) &&
           std::all_of(name.begin(), name.end(), in_name) && !value.empty() &&
           std::all_of(value.begin(), value.end(), in_value);
}

/// A scheme, a colon and something visible (RFC 3986 section 3).
bool is_uri(std::string_view text) noexcept {
    const auto colon = text.find(':');
    if (colon == std::string_view::npos || colon == 0 || colon + 1 == text.size()) return false;
    const auto in_scheme = [](char c) {
        return is_alphanumeric(c) || c == '+' || c == '-' || c == '.';
    };
    return is_letter(text.front()) && std::all_of(text.begin(), text.begin() + colon, in_scheme) &&
           std::all_of(text.begin(), text.end(), is_visible);
}

bool has_scheme(std::string_view uri, std::string_view scheme) {
    return iequals(uri.substr(0, scheme.size()), scheme);
}

/// The address of a mailto: URI (RFC 6068). Header fields after a question mark are ignored.
/// Address::parse refuses line ends and other controls, encoded or not.
std::optional<mail::Address> address_in(std::string_view uri) {
    uri.remove_prefix(mailto.size());
    const auto decoded = percent_decode(uri.substr(0, uri.find('?')));
    if (!decoded) return std::nullopt;
    auto address = mail::Address::parse(*decoded);
    if (!address || address->is_null()) return std::nullopt;
    return *address;
}

bool has_host(std::string_view uri) noexcept {
    uri.remove_prefix(https.size());
    return uri.starts_with("//") && uri.size() > 2 && uri.find_first_of("/?#:", 2) != 2;
}

void add_uri(Record& record, std::string_view uri) {
    // Section 3: an exclamation mark must be encoded; in DMARC a limit of size would follow it.
    const bool usable = uri.find('!') == std::string_view::npos;
    if (usable && has_scheme(uri, mailto)) {
        if (auto address = address_in(uri)) return add_once(record.mail, std::move(*address));
    } else if (usable && has_scheme(uri, https) && has_host(uri)) {
        return add_once(record.https, std::string(uri));
    }
    add_once(record.ignored, std::string(uri));
}

bool add_uris(Record& record, std::string_view list) {
    for (std::optional rest = list; rest;) {
        const std::string_view uri = take(rest, ',');
        if (!is_uri(uri)) return false;
        add_uri(record, uri);
    }
    return true;
}

std::optional<Record> record_in(std::string_view fields) {
    Record record;
    bool has_uris = false;
    for (std::optional rest = fields; rest;) {
        const std::string_view field = take(rest, ';');
        if (field.empty() && !rest) break;  // a semicolon may end the record
        const auto equals = field.find('=');
        if (equals == std::string_view::npos) return std::nullopt;
        const std::string_view name = field.substr(0, equals), value = field.substr(equals + 1);
        if (name == "rua") {
            if (!add_uris(record, value)) return std::nullopt;
            has_uris = true;
        } else if (!is_extension(name, value)) {
            return std::nullopt;
        }
    }
    if (!has_uris) return std::nullopt;
    return record;
}

/// All is encoded but what is unreserved (RFC 3986 section 2.3), and "+", which RFC 6068 leaves.
std::string percent_encoded(std::string_view text) {
    std::string out;
    for (const char c : text) {
        const bool plain =
            is_alphanumeric(c) || std::string_view("-._~+").find(c) != std::string_view::npos;
        out += plain ? std::string(1, c)
                     : fmt::format("%{:02X}", static_cast<unsigned>(static_cast<unsigned char>(c)));
    }
    return out;
}

std::string mailto_uri(const mail::Address& address) {
    const std::string wire = address.wire();
    const auto at = wire.rfind('@');
    return fmt::format(
        "{}{}@{}", mailto, percent_encoded(std::string_view(wire).substr(0, at)),
        percent_encoded(std::string_view(wire).substr(at + 1))
    );
}

}  // namespace

outpost::Result<Record, RecordFault> parse_records(const std::vector<std::string>& texts) {
    std::optional<std::string_view> only;
    for (const std::string& one : texts) {
        const auto fields = fields_of(one);
        if (!fields) continue;
        if (only) return Err{RecordFault::several};
        only = fields;
    }
    if (!only) return Err{RecordFault::none};
    auto record = record_in(*only);
    if (!record) return Err{RecordFault::broken};
    return std::move(*record);
}

std::string text(const Record& record) {
    std::vector<std::string> uris;
    for (const mail::Address& address : record.mail)
        uris.push_back(mailto_uri(address));
    uris.insert(uris.end(), record.https.begin(), record.https.end());
    return fmt::format("{}; rua={}", version, fmt::join(uris, ","));
}

}  // namespace outpost::tlsrpt
