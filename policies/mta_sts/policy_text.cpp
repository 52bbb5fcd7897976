// SPDX-License-Identifier: Apache-2.0
#include "policies/mta_sts/policy_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>

#include "core/foundation/base/safe_text.hpp"
#include "core/net/dns/domain.hpp"
#include "policies/mta_sts/record.hpp"

namespace outpost::mta_sts {
namespace {

constexpr std::int64_t longest_max_age = 31'557'600;  // section 3.2
constexpr std::size_t max_age_digits = 10;
constexpr std::string_view any_label = "*.";

std::string quoted(std::string_view text) {
    return '"' + safe_text(text, Charset::utf8, 80) + '"';
}

std::string_view without_blanks(std::string_view text) noexcept {
    constexpr std::string_view blanks = " \t";
    const auto first = text.find_first_not_of(blanks);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

/// Takes the next line from the front, without its end.
std::string_view next_line(std::string_view& rest) noexcept {
    const auto end = rest.find('\n');
    std::string_view line = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    return line;
}

std::optional<std::chrono::seconds> parse_max_age(std::string_view text) noexcept {
    if (text.empty() || text.size() > max_age_digits) return std::nullopt;
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || value < 0) return std::nullopt;
    return std::chrono::seconds(std::min(value, longest_max_age));
}

std::optional<std::string> parse_mx(std::string_view text) {
    const bool wildcard = text.starts_with(any_label);
    const auto domain = dns::Domain::parse(wildcard ? text.substr(any_label.size()) : text);
    if (!domain) return std::nullopt;
    return (wildcard ? std::string(any_label) : std::string()) + domain->ascii();
}

/// The fields that have been seen.
struct Fields {
    bool version = false;
    std::optional<Mode> mode;
    std::optional<std::chrono::seconds> max_age;
    std::vector<std::string> mx;

    /// What is wrong with this one; empty when nothing is.
    std::string take(std::string_view name, std::string_view value) {
        if (name == "version") return take_version(value);
        if (name == "mode") return take_mode(value);
        if (name == "max_age") return take_max_age(value);
        if (name == "mx") return take_mx(value);
        return is_field_name(name) ? "" : quoted(name) + " cannot be the name of a field";
    }
    std::string missing() const {
        if (!version) return "there is no version";
        if (!mode) return "there is no mode";
        if (!max_age) return "there is no max_age";
        if (mx.empty() && *mode != Mode::none) return "there is no mx";
        return {};
    }

  private:
    std::string take_version(std::string_view value) {
        if (!version && value != "STSv1") return "unknown version " + quoted(value);
        version = true;
        return {};
    }
    std::string take_mode(std::string_view value) {
        Mode got{};
        if (mode) return {};
        if (!parse(value, got)) return "unknown mode " + quoted(value);
        mode = got;
        return {};
    }
    std::string take_max_age(std::string_view value) {
        if (max_age) return {};
        max_age = parse_max_age(value);
        return max_age ? "" : quoted(value) + " cannot be a max_age";
    }
    std::string take_mx(std::string_view value) {
        auto pattern = parse_mx(value);
        if (!pattern) return quoted(value) + " cannot be an mx";
        mx.push_back(std::move(*pattern));
        return {};
    }
};

std::string take_line(Fields& fields, std::string_view line) {
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) return quoted(line) + " is no field";
    const std::string_view value = without_blanks(line.substr(colon + 1));
    if (!is_clean_utf8(value)) return "control characters, or no UTF-8, in a field";
    return fields.take(line.substr(0, colon), value);
}

}  // namespace

std::string_view text(Mode mode) noexcept {
    switch (mode) {
        case Mode::enforce:
            return "enforce";
        case Mode::testing:
            return "testing";
        case Mode::none:
            break;
    }
    return "none";
}

bool parse(std::string_view word, Mode& mode) noexcept {
    for (const Mode known : {Mode::enforce, Mode::testing, Mode::none}) {
        if (word != text(known)) continue;
        mode = known;
        return true;
    }
    return false;
}

Result<Policy> parse_policy(std::string_view body) {
    Fields fields;
    for (std::string_view rest = body; !rest.empty();) {
        const std::string_view line = next_line(rest);
        if (without_blanks(line).empty()) continue;
        if (auto fault = take_line(fields, line); !fault.empty()) return Err{std::move(fault)};
    }
    if (auto fault = fields.missing(); !fault.empty()) return Err{std::move(fault)};
    return Policy{*fields.mode, *fields.max_age, std::move(fields.mx), std::string(body)};
}

bool names_host(const Policy& policy, std::string_view host) noexcept {
    const auto dot = host.find('.');
    const std::string_view parent =
        dot == 0 || dot == std::string_view::npos ? std::string_view() : host.substr(dot + 1);
    return std::any_of(policy.mx.begin(), policy.mx.end(), [&](std::string_view pattern) {
        if (!pattern.starts_with(any_label)) return !host.empty() && pattern == host;
        return !parent.empty() && pattern.substr(any_label.size()) == parent;
    });
}

}  // namespace outpost::mta_sts
