// SPDX-License-Identifier: Apache-2.0
#include "core/mail/authentication/spf/record.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "core/foundation/base/encoding.hpp"
#include "core/mail/authentication/spf/macro.hpp"

namespace outpost::spf {
namespace {

constexpr std::string_view version = "v=spf1";
constexpr std::array mechanisms{Mechanism::all, Mechanism::include, Mechanism::a,
                                Mechanism::mx,  Mechanism::ptr,     Mechanism::ip4,
                                Mechanism::ip6, Mechanism::exists};

Err<std::string> fault(std::string_view term, std::string_view why) {
    return Err<std::string>{fmt::format("\"{}\" {}", term, why)};
}

bool is_alpha(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/// name = ALPHA *( ALPHA / DIGIT / "-" / "_" / "." )
bool is_name(std::string_view text) {
    return !text.empty() && is_alpha(text.front()) &&
           std::all_of(text.begin(), text.end(), [](char c) {
               return is_alpha(c) || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
           });
}

std::optional<Mechanism> mechanism_named(std::string_view name) {
    for (const auto mechanism : mechanisms) {
        if (iequals(text(mechanism), name)) return mechanism;
    }
    return std::nullopt;
}

/// A decimal number without leading zeros, up to `most`.
std::optional<unsigned> read_prefix(std::string_view text, unsigned most) {
    unsigned value = 0;
    if (text.empty() || text.size() > 3 || (text.size() > 1 && text.front() == '0'))
        return std::nullopt;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || value > most)
        return std::nullopt;
    return value;
}

/// Where a length such as "/24" or "//64" at the end of `text` begins; npos without one.
std::size_t length_at_end(std::string_view text, std::string_view slashes) {
    const auto digits = text.find_last_not_of("0123456789");
    if (digits == std::string_view::npos || digits + 1 == text.size()) return std::string::npos;
    const auto head = text.substr(0, digits + 1);
    if (!head.ends_with(slashes)) return std::string::npos;
    return head.size() - slashes.size();
}

/// Takes the dual-cidr-length off the end of `value` (section 5.6); false when it is out of range.
bool take_lengths(std::string_view& value, Directive& directive) {
    if (const auto at = length_at_end(value, "//"); at != std::string_view::npos) {
        const auto prefix = read_prefix(value.substr(at + 2), 128);
        if (!prefix) return false;
        directive.v6_prefix = *prefix;
        value = value.substr(0, at);
    }
    if (const auto at = length_at_end(value, "/"); at != std::string_view::npos) {
        const auto prefix = read_prefix(value.substr(at + 1), 32);
        if (!prefix) return false;
        directive.v4_prefix = *prefix;
        value = value.substr(0, at);
    }
    return true;
}

/// The value of ip4 and ip6: an address and perhaps a length.
bool take_network(std::string_view value, Directive& directive) {
    const bool v4 = directive.mechanism == Mechanism::ip4;
    auto& prefix = v4 ? directive.v4_prefix : directive.v6_prefix;
    if (const auto slash = value.find('/'); slash != std::string_view::npos) {
        const auto length = read_prefix(value.substr(slash + 1), prefix);
        if (!length) return false;
        prefix = *length;
        value = value.substr(0, slash);
    }
    asio::error_code error;
    const auto wanted = std::string(value);
    if (v4) {
        directive.network = asio::ip::make_address_v4(wanted, error);
    } else if (value.find('%') == std::string_view::npos) {
        directive.network = asio::ip::make_address_v6(wanted, error);
    } else {
        return false;
    }
    return !error;
}

/// Reads a record term by term; `fault_` says what ended it.
class Reader {
  public:
    Result<Record> read(std::string_view terms) {
        while (!terms.empty()) {
            const auto end = std::min(terms.find(' '), terms.size());
            const auto term = terms.substr(0, end);
            terms.remove_prefix(std::min(end + 1, terms.size()));
            if (term.empty()) continue;
            if (auto read = read_term(term); !read) return Err(std::move(read).error());
        }
        return std::move(record_);
    }

  private:
    Result<bool> read_term(std::string_view term) {
        const auto mark = term.find_first_of("=:/");
        if (mark != std::string_view::npos && term[mark] == '=' && is_name(term.substr(0, mark)))
            return read_modifier(term, term.substr(0, mark), term.substr(mark + 1));
        return read_directive(term);
    }

    /// Section 6: redirect and exp at most once each; unknown modifiers are ignored.
    Result<bool> read_modifier(
        std::string_view term, std::string_view name, std::string_view value
    ) {
        auto* place = iequals(name, "redirect") ? &record_.redirect
                      : iequals(name, "exp")    ? &record_.explanation
                                                : nullptr;
        if (place == nullptr) return check_macro_string(value);
        if (*place) return fault(term, "occurs twice");
        *place = std::string(value);
        return check_domain_spec(value);
    }

    Result<bool> read_directive(std::string_view term) {
        Directive directive;
        directive.text = std::string(term);
        auto rest = term;
        if (const auto at = std::string_view("+-~?").find(rest.front()); at != std::string::npos) {
            directive.qualifier = static_cast<Qualifier>(at);
            rest.remove_prefix(1);
        }
        const auto mark = std::min(rest.find_first_of(":/"), rest.size());
        const auto mechanism = mechanism_named(rest.substr(0, mark));
        if (!mechanism) return fault(term, "is no mechanism of RFC 7208");
        directive.mechanism = *mechanism;
        rest.remove_prefix(mark);
        auto read = read_arguments(term, rest, directive);
        if (read) record_.directives.push_back(std::move(directive));
        return read;
    }

    /// `rest`: from the colon or slash after the name on.
    Result<bool> read_arguments(
        std::string_view term, std::string_view rest, Directive& directive
    ) {
        const auto mechanism = directive.mechanism;
        if (mechanism == Mechanism::all) {
            if (!rest.empty()) return fault(term, "must stand alone");
            return true;
        }
        if (mechanism == Mechanism::ip4 || mechanism == Mechanism::ip6) {
            if (!rest.starts_with(':') || !take_network(rest.substr(1), directive))
                return fault(term, "names no network");
            return true;
        }
        const bool has_lengths = mechanism == Mechanism::a || mechanism == Mechanism::mx;
        if (has_lengths && !take_lengths(rest, directive))
            return fault(term, "has a prefix length out of range");
        return read_domain_spec(term, rest, directive);
    }

    Result<bool> read_domain_spec(
        std::string_view term, std::string_view rest, Directive& directive
    ) {
        const bool needed =
            directive.mechanism == Mechanism::include || directive.mechanism == Mechanism::exists;
        if (rest.empty()) {
            if (needed) return fault(term, "names no domain");
            return true;
        }
        if (rest.front() != ':') return fault(term, "is malformed");
        directive.domain_spec = std::string(rest.substr(1));
        return check_domain_spec(directive.domain_spec);
    }

    Record record_;
};

}  // namespace

std::string_view text(Mechanism mechanism) noexcept {
    switch (mechanism) {
        case Mechanism::all:
            return "all";
        case Mechanism::include:
            return "include";
        case Mechanism::a:
            return "a";
        case Mechanism::mx:
            return "mx";
        case Mechanism::ptr:
            return "ptr";
        case Mechanism::ip4:
            return "ip4";
        case Mechanism::ip6:
            return "ip6";
        case Mechanism::exists:
            return "exists";
    }
    return "";
}

bool is_record(std::string_view text) noexcept {
    return text.size() >= version.size() && iequals(text.substr(0, version.size()), version) &&
           (text.size() == version.size() || text[version.size()] == ' ');
}

Result<Record> parse_record(std::string_view text) {
    if (!is_record(text)) return Err("it does not begin with v=spf1");
    const bool printable =
        std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7f; });
    if (!printable) return Err("it has octets that are not printable ASCII");
    return Reader().read(text.substr(version.size()));
}

}  // namespace outpost::spf
