// SPDX-License-Identifier: Apache-2.0
#include "core/mail/message/multipart.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>

#include "core/foundation/base/encoding.hpp"
#include "core/mail/message/header.hpp"
#include "core/mail/message/lines.hpp"

namespace outpost::mail {
namespace {

constexpr std::size_t most_parameters = 32;

/// A quoted string whose first quote is at the beginning of `rest`, taken off it.
std::string take_quoted(std::string_view& rest) {
    std::string out;
    std::size_t at = 1;
    for (; at < rest.size() && rest[at] != '"'; ++at) {
        if (rest[at] == '\\' && at + 1 < rest.size()) ++at;
        out += rest[at];
    }
    rest.remove_prefix(std::min(at + 1, rest.size()));
    return out;
}

/// Everything until the next semicolon, which is taken off as well.
std::string_view take_until_semicolon(std::string_view& rest) {
    const auto end = rest.find(';');
    const auto taken = rest.substr(0, end);
    rest.remove_prefix(end == rest.npos ? rest.size() : end + 1);
    return taken;
}

/// A parameter's value, taken off `rest` with the semicolon behind it.
std::string take_value(std::string_view& rest) {
    while (!rest.empty() && (rest.front() == ' ' || rest.front() == '\t'))
        rest.remove_prefix(1);
    if (!rest.starts_with('"')) return std::string(trim(take_until_semicolon(rest)));
    auto value = take_quoted(rest);
    take_until_semicolon(rest);
    return value;
}

enum class Delimiter { none, next, closing };

Delimiter delimiter(std::string_view line, std::string_view boundary) {
    if (!line.starts_with("--") || line.substr(2, boundary.size()) != boundary)
        return Delimiter::none;
    const auto behind = trim(without_line_end(line.substr(2 + boundary.size())));
    if (behind.empty()) return Delimiter::next;
    return behind == "--" ? Delimiter::closing : Delimiter::none;
}

Entity split_entity(std::string_view whole) {
    auto rest = whole;
    while (!rest.empty()) {
        if (without_line_end(take_line(rest)).empty()) break;
    }
    return {whole.substr(0, whole.size() - rest.size()), rest};
}

std::optional<unsigned> base64_value(char c) {
    if (c >= 'A' && c <= 'Z') return c - 'A';
    if (c >= 'a' && c <= 'z') return c - 'a' + 26;
    if (c >= '0' && c <= '9') return c - '0' + 52;
    if (c == '+') return 62;
    if (c == '/') return 63;
    return std::nullopt;
}

/// RFC 2045 section 6.8: characters of no meaning are read over.
std::string decode_base64(std::string_view text, std::size_t most) {
    std::string out;
    std::uint32_t bits = 0;
    unsigned count = 0;
    for (const char c : text) {
        if (c == '=' || out.size() == most) break;
        const auto value = base64_value(c);
        if (!value) continue;
        bits = bits << 6 | *value;
        count += 6;
        if (count < 8) continue;
        count -= 8;
        out += static_cast<char>(bits >> count & 0xff);
    }
    return out;
}

/// RFC 2045 section 6.7. Blanks at the end of a line were added on the way.
std::string decode_quoted_printable(std::string_view text, std::size_t most) {
    std::string out;
    while (!text.empty() && out.size() < most) {
        const auto whole = take_line(text);
        auto line = without_line_end(whole);
        const auto line_end = whole.substr(line.size());
        while (!line.empty() && (line.back() == ' ' || line.back() == '\t'))
            line.remove_suffix(1);
        const bool soft = line.ends_with('=');
        if (soft) line.remove_suffix(1);
        for (std::size_t at = 0; at < line.size(); ++at) {
            const auto octet = line[at] == '=' && at + 2 < line.size()
                                   ? hex_decode(line.substr(at + 1, 2))
                                   : std::nullopt;
            out += octet ? (*octet)[0] : line[at];
            if (octet) at += 2;
        }
        if (!soft) out += line_end;
    }
    return out.substr(0, most);
}

}  // namespace

std::string ContentType::parameter(const std::string& name) const {
    const auto found = parameters.find(name);
    return found == parameters.end() ? std::string() : found->second;
}

ContentType parse_content_type(std::string_view value) {
    ContentType content_type;
    const auto type = trim(take_until_semicolon(value));
    if (type.find('/') != type.npos) content_type.type = to_lower(type);
    while (!value.empty() && content_type.parameters.size() < most_parameters) {
        const auto equals = value.find_first_of("=;");
        const auto name = to_lower(trim(value.substr(0, equals)));
        if (equals == value.npos) break;
        const bool has_value = value[equals] == '=';
        value.remove_prefix(equals + 1);
        if (has_value) content_type.parameters.emplace(name, take_value(value));
    }
    return content_type;
}

ContentType Entity::content_type() const {
    const auto field = find_field(header, "Content-Type");
    return field ? parse_content_type(field->value()) : ContentType();
}

std::string Entity::decoded_body(std::size_t most) const {
    const auto field = find_field(header, "Content-Transfer-Encoding");
    const auto encoding = field ? field->value() : std::string();
    if (iequals(encoding, "base64")) return decode_base64(body, most);
    if (iequals(encoding, "quoted-printable")) return decode_quoted_printable(body, most);
    return std::string(body.substr(0, most));
}

std::vector<Entity> split_multipart(
    std::string_view body, std::string_view boundary, std::size_t most
) {
    std::vector<Entity> parts;
    if (boundary.empty()) return parts;
    std::optional<std::size_t> begin;  // of the part that is being read
    auto rest = body;
    // The line end before a delimiter belongs to the delimiter (RFC 2046 section 5.1.1).
    const auto end_part = [&](std::size_t end) {
        if (begin && end >= *begin)
            parts.push_back(split_entity(without_line_end(body.substr(*begin, end - *begin))));
    };
    while (!rest.empty() && parts.size() < most) {
        const auto at = body.size() - rest.size();
        const auto found = delimiter(take_line(rest), boundary);
        if (found == Delimiter::none) continue;
        end_part(at);
        if (found == Delimiter::closing) return parts;
        begin = body.size() - rest.size();
    }
    if (parts.size() < most) end_part(body.size());
    return parts;
}

}  // namespace outpost::mail
