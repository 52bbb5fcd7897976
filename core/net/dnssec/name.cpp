// SPDX-License-Identifier: Apache-2.0
#include "core/net/dnssec/name.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/foundation/base/encoding.hpp"

namespace outpost::dnssec {
namespace {

constexpr std::size_t longest_label = 63;
constexpr std::size_t longest_name = 255;  // in wire form, the root's label included

std::size_t length_at(std::string_view wire, std::size_t at) {
    return static_cast<unsigned char>(wire[at]);
}

/// Where the labels of a name begin, the root's not counted.
struct Starts {
    std::array<std::uint8_t, 128> at{};
    std::size_t count = 0;
    explicit Starts(std::string_view wire) {
        for (std::size_t i = 0; wire[i] != 0; i += 1 + length_at(wire, i))
            at[count++] = static_cast<std::uint8_t>(i);
    }
};

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

/// One octet of a label, which may be escaped; nothing for a broken escape.
std::optional<char> take_octet(std::string_view& text) {
    const char first = text.front();
    text.remove_prefix(1);
    if (first != '\\') return first;
    if (text.empty()) return std::nullopt;
    if (!is_digit(text[0])) {
        const char escaped = text.front();
        text.remove_prefix(1);
        return escaped;
    }
    if (text.size() < 3 || !is_digit(text[1]) || !is_digit(text[2])) return std::nullopt;
    const int value = (text[0] - '0') * 100 + (text[1] - '0') * 10 + (text[2] - '0');
    text.remove_prefix(3);
    return value > 255 ? std::nullopt : std::optional(static_cast<char>(value));
}

void append_escaped(std::string& out, char octet) {
    const auto value = static_cast<unsigned char>(octet);
    if (value <= ' ' || value >= 127) {
        out += fmt::format("\\{:03}", value);
        return;
    }
    if (std::string_view(".\\\"();@$").find(octet) != std::string_view::npos) out += '\\';
    out += octet;
}

}  // namespace

Result<Name> Name::parse(std::string_view text) {
    std::string wire, label;
    const auto end_label = [&] {
        wire += static_cast<char>(label.size());
        wire += label;
        label.clear();
    };
    if (text == ".") text = {};
    while (!text.empty()) {
        const bool is_dot = text.front() == '.';
        const auto octet = take_octet(text);
        if (!octet) return Err{"broken escape in a domain name"};
        if (is_dot && label.empty()) return Err{"empty label in a domain name"};
        if (is_dot)
            end_label();
        else
            label += *octet;
        if (label.size() > longest_label) return Err{"a label is longer than 63 octets"};
    }
    if (!label.empty()) end_label();
    wire += '\0';
    if (wire.size() > longest_name) return Err{"a domain name is longer than 255 octets"};
    return Name(to_lower(wire));
}

std::optional<Name> Name::prefix_of(std::string_view octets) {
    std::size_t at = 0;
    while (at < octets.size() && octets[at] != 0) {
        const std::size_t length = length_at(octets, at);
        if (length > longest_label) return std::nullopt;
        at += 1 + length;
    }
    if (at >= octets.size() || at + 1 > longest_name) return std::nullopt;
    return Name(to_lower(octets.substr(0, at + 1)));
}

std::optional<Name> Name::from_wire(std::string_view octets) {
    auto name = prefix_of(octets);
    return name && name->wire_.size() == octets.size() ? std::move(name) : std::nullopt;
}

std::string Name::text() const {
    if (is_root()) return ".";
    std::string out;
    for (std::size_t at = 0; wire_[at] != 0; at += 1 + length_at(wire_, at)) {
        if (at > 0) out += '.';
        for (const char octet : std::string_view(wire_).substr(at + 1, length_at(wire_, at)))
            append_escaped(out, octet);
    }
    return out;
}

std::size_t Name::labels() const noexcept {
    return Starts(wire_).count;
}

bool Name::is_within(const Name& ancestor) const noexcept {
    if (!wire_.ends_with(ancestor.wire_)) return false;
    // The octets must end where a label of ours begins, too.
    const std::size_t begin = wire_.size() - ancestor.wire_.size();
    std::size_t at = 0;
    while (at < begin)
        at += 1 + length_at(wire_, at);
    return at == begin;
}

Name Name::parent() const {
    return is_root() ? *this : Name(wire_.substr(1 + length_at(wire_, 0)));
}

Name Name::last(std::size_t count) const {
    const Starts starts(wire_);
    if (count >= starts.count) return *this;
    return count == 0 ? Name() : Name(wire_.substr(starts.at[starts.count - count]));
}

std::optional<Name> Name::child(std::string_view label) const {
    if (label.empty() || label.size() > longest_label) return std::nullopt;
    std::string wire(1, static_cast<char>(label.size()));
    wire += to_lower(label);
    wire += wire_;
    return wire.size() > longest_name ? std::nullopt : std::optional(Name(std::move(wire)));
}

std::string_view Name::first_label() const noexcept {
    return std::string_view(wire_).substr(is_root() ? 0 : 1, length_at(wire_, 0));
}

std::optional<Name> Name::substituted(const Name& owner, const Name& target) const {
    if (!is_within(owner)) return std::nullopt;
    std::string wire = wire_.substr(0, wire_.size() - owner.wire_.size()) + target.wire_;
    return wire.size() > longest_name ? std::nullopt : std::optional(Name(std::move(wire)));
}

std::strong_ordering Name::operator<=>(const Name& other) const {
    const Starts mine(wire_), theirs(other.wire_);
    const std::size_t shared = std::min(mine.count, theirs.count);
    for (std::size_t i = 1; i <= shared; ++i) {
        const std::size_t here = mine.at[mine.count - i], there = theirs.at[theirs.count - i];
        const auto a = std::string_view(wire_).substr(here + 1, length_at(wire_, here));
        const auto b =
            std::string_view(other.wire_).substr(there + 1, length_at(other.wire_, there));
        // std::char_traits<char> compares octets as unsigned.
        if (const int order = a.compare(b); order != 0) return order <=> 0;
    }
    return mine.count <=> theirs.count;
}

Name common_ancestor(const Name& a, const Name& b) {
    Name shared = a.last(std::min(a.labels(), b.labels()));
    while (!b.is_within(shared))
        shared = shared.parent();
    return shared;
}

}  // namespace outpost::dnssec
