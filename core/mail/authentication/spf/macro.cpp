// SPDX-License-Identifier: Apache-2.0
#include "core/mail/authentication/spf/macro.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>
#include <vector>

#include "core/foundation/base/encoding.hpp"

namespace outpost::spf {
namespace {

constexpr std::size_t longest_name = 253;
constexpr std::string_view letters = "slodiphv", delimiters = ".-+,/_=";

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}
bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/// "%{d2r.}", or one of "%%", "%_" and "%-".
struct Macro {
    char letter = 0;           ///< in lower case; 0: `literal` stands for it
    std::string_view literal;  ///< of the three escapes
    bool url_escape = false;   ///< the letter was a capital
    std::size_t parts = 0;     ///< how many from the right; 0: all
    bool reversed = false;
    std::string_view delimiters = ".";
    std::size_t length = 0;  ///< in the text
};

std::optional<Macro> escape_at(std::string_view text) {
    Macro macro;
    macro.length = 2;
    if (text[1] == '%') macro.literal = "%";
    if (text[1] == '_') macro.literal = " ";
    if (text[1] == '-') macro.literal = "%20";
    if (macro.literal.empty()) return std::nullopt;
    return macro;
}

/// How many parts "2r" asks for; none when it is not such a number. More than fit are all.
std::optional<std::size_t> read_parts(std::string_view digits) {
    if (digits.empty()) return 0;
    std::size_t parts = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), parts);
    if (error == std::errc::result_out_of_range) return 0;
    if (error != std::errc() || parts == 0) return std::nullopt;
    return parts;
}

/// The macro at the beginning of `text`, which begins with '%'.
std::optional<Macro> macro_at(std::string_view text) {
    if (text.size() < 2) return std::nullopt;
    if (text[1] != '{') return escape_at(text);
    const auto end = text.find('}');
    if (end == std::string_view::npos || end < 3) return std::nullopt;
    Macro macro;
    macro.length = end + 1;
    macro.letter = to_lower(text.substr(2, 1))[0];
    macro.url_escape = macro.letter != text[2];
    if (letters.find(macro.letter) == std::string_view::npos) return std::nullopt;

    auto rest = text.substr(3, end - 3);
    const auto digits = std::min(
        rest.size(), static_cast<std::size_t>(
                         std::find_if_not(rest.begin(), rest.end(), is_digit) - rest.begin()
                     )
    );
    const auto parts = read_parts(rest.substr(0, digits));
    if (!parts) return std::nullopt;
    macro.parts = *parts;
    rest.remove_prefix(digits);
    if (!rest.empty() && (rest.front() == 'r' || rest.front() == 'R')) {
        macro.reversed = true;
        rest.remove_prefix(1);
    }
    if (rest.find_first_not_of(delimiters) != std::string_view::npos) return std::nullopt;
    if (!rest.empty()) macro.delimiters = rest;
    return macro;
}

/// "192.0.2.1", or the 32 nibbles of an IPv6 address between dots.
std::string dotted(const net::IpAddress& address) {
    if (address.is_v4()) return address.to_string();
    std::string out;
    for (const unsigned char octet : address.to_v6().to_bytes())
        out += fmt::format("{}{:x}.{:x}", out.empty() ? "" : ".", octet >> 4, octet & 0xf);
    return out;
}

std::string value_of(char letter, const MacroValues& values) {
    switch (letter) {
        case 's':
            return values.sender_local + '@' + values.sender_domain;
        case 'l':
            return values.sender_local;
        case 'o':
            return values.sender_domain;
        case 'd':
            return values.domain;
        case 'i':
            return dotted(values.client);
        case 'p':
            return values.client_name;
        case 'h':
            return values.helo;
        case 'v':
            return values.client.is_v4() ? "in-addr" : "ip6";
        default:
            return {};
    }
}

std::vector<std::string_view> split(std::string_view text, std::string_view at) {
    std::vector<std::string_view> parts;
    for (;;) {
        const auto end = text.find_first_of(at);
        parts.push_back(text.substr(0, end));
        if (end == std::string_view::npos) return parts;
        text.remove_prefix(end + 1);
    }
}

std::string transformed(const std::string& value, const Macro& macro) {
    auto parts = split(value, macro.delimiters);
    if (macro.reversed) std::reverse(parts.begin(), parts.end());
    const auto skipped =
        macro.parts == 0 || macro.parts >= parts.size() ? 0 : parts.size() - macro.parts;
    std::string out;
    for (std::size_t i = skipped; i < parts.size(); ++i) {
        if (i != skipped) out += '.';
        out += parts[i];
    }
    return out;
}

/// RFC 3986 section 2.3: what is not unreserved is escaped.
std::string url_escaped(const std::string& text) {
    std::string out;
    for (const char c : text) {
        if (is_letter(c) || is_digit(c) || std::string_view("-._~").find(c) != std::string::npos) {
            out += c;
        } else {
            out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
        }
    }
    return out;
}

/// A label with a letter or a hyphen, which begins and ends with neither hyphen nor anything odd.
bool is_top_label(std::string_view label) {
    const auto plain = [](char c) { return is_letter(c) || is_digit(c); };
    return !label.empty() && plain(label.front()) && plain(label.back()) &&
           std::all_of(label.begin(), label.end(), [&](char c) { return plain(c) || c == '-'; }) &&
           !std::all_of(label.begin(), label.end(), is_digit);
}

/// Where the text after the last macro begins; none when it is not a macro-string.
std::optional<std::size_t> end_of_last_macro(std::string_view text) {
    std::size_t behind = 0;
    for (std::size_t at = 0; at < text.size();) {
        if (text[at] != '%') {
            if (text[at] < 0x21 || text[at] > 0x7e) return std::nullopt;
            ++at;
            continue;
        }
        const auto macro = macro_at(text.substr(at));
        if (!macro) return std::nullopt;
        behind = at += macro->length;
    }
    return behind;
}

template <class See>
void for_each_macro(std::string_view text, See see) {
    for (std::size_t at = text.find('%'); at != std::string_view::npos;) {
        const auto macro = macro_at(text.substr(at));
        if (macro) see(at, *macro);
        at = text.find('%', at + (macro ? macro->length : 1));
    }
}

}  // namespace

Result<bool> check_macro_string(std::string_view text) {
    if (!end_of_last_macro(text)) return Err(fmt::format("\"{}\" has a malformed macro", text));
    return true;
}

Result<bool> check_domain_spec(std::string_view text) {
    const auto behind = end_of_last_macro(text);
    if (!behind) return Err(fmt::format("\"{}\" has a malformed macro", text));
    auto rest = text.substr(*behind);
    if (rest.empty() && !text.empty()) return true;
    if (rest.ends_with('.')) rest.remove_suffix(1);
    const auto dot = rest.rfind('.');
    if (dot == std::string_view::npos || !is_top_label(rest.substr(dot + 1)))
        return Err(fmt::format("\"{}\" is no domain name", text));
    return true;
}

bool needs_client_name(std::string_view text) {
    bool needed = false;
    for_each_macro(text, [&](std::size_t, const Macro& macro) {
        needed = needed || macro.letter == 'p';
    });
    return needed;
}

std::string expand(std::string_view text, const MacroValues& values) {
    std::string out;
    std::size_t copied = 0;
    for_each_macro(text, [&](std::size_t at, const Macro& macro) {
        out += text.substr(copied, at - copied);
        copied = at + macro.length;
        if (macro.letter == 0) {
            out += macro.literal;
            return;
        }
        const auto value = transformed(value_of(macro.letter, values), macro);
        out += macro.url_escape ? url_escaped(value) : value;
    });
    return out.append(text.substr(copied));
}

std::string expand_domain(std::string_view spec, const MacroValues& values) {
    auto name = expand(spec, values);
    if (name.ends_with('.')) name.pop_back();
    while (name.size() > longest_name) {
        const auto dot = name.find('.');
        if (dot == std::string::npos) break;
        name.erase(0, dot + 1);
    }
    return name;
}

}  // namespace outpost::spf
