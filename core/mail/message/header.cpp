// SPDX-License-Identifier: Apache-2.0
#include "core/mail/message/header.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "core/foundation/base/encoding.hpp"
#include "core/mail/message/lines.hpp"

namespace outpost::mail {
namespace {

constexpr bool is_blank(char c) noexcept {
    return c == ' ' || c == '\t';
}

std::string_view field_name(std::string_view line) {
    const auto colon = line.find(':');
    if (colon == std::string_view::npos || is_blank(line.front())) return {};
    const auto name = trim(line.substr(0, colon));
    const bool valid =
        std::all_of(name.begin(), name.end(), [](char c) { return c > ' ' && c < 0x7f; });
    return valid ? name : std::string_view();
}

/// The next field or unreadable line with its continuations, taken off `rest`; empty at the end.
std::string_view take_field(std::string_view& rest) {
    const char* begin = rest.data();
    const auto first = take_line(rest);
    if (without_line_end(first).empty()) return {};
    std::size_t size = first.size();
    while (!rest.empty() && is_blank(rest.front()))
        size += take_line(rest).size();
    return {begin, size};
}

/// A field of `whole`, whose name ends with a colon at `colon`.
HeaderField make_field(std::string_view whole, std::size_t colon) {
    return {trim(whole.substr(0, colon)), without_line_end(whole.substr(colon + 1)), whole};
}

thread_local std::uint64_t parsed_octets = 0;

}  // namespace

std::string HeaderField::value() const {
    std::string out;
    for (const char c : raw_value) {
        if (c != '\r' && c != '\n') out += c;
    }
    return std::string(trim(out));
}

Header::Header(std::string section) : section_(std::move(section)), places_(parse(section_)) {}

std::vector<Header::Place> Header::parse(std::string_view section) {
    constexpr std::size_t most = std::numeric_limits<std::uint32_t>::max();
    std::vector<Place> places;
    const char* const begin = section.data();
    const auto offset = [&](const char* at) { return static_cast<std::uint32_t>(at - begin); };
    auto rest = section.substr(0, most);
    while (!rest.empty()) {
        const auto whole = take_field(rest);
        if (whole.empty()) break;
        if (field_name(whole).empty()) continue;
        const auto at = offset(whole.data());
        places.push_back(
            {at, at + static_cast<std::uint32_t>(whole.find(':')),
             at + static_cast<std::uint32_t>(whole.size())}
        );
    }
    parsed_octets += section.size();
    return places;
}

HeaderField Header::field(std::size_t index) const {
    const auto& place = places_[index];
    const auto whole = std::string_view(section_).substr(place.begin, place.end - place.begin);
    return make_field(whole, place.colon - place.begin);
}

std::optional<HeaderField> Header::find(std::string_view name) const {
    for (const auto field : *this) {
        if (iequals(field.name, name)) return field;
    }
    return std::nullopt;
}

std::size_t Header::count(std::string_view name) const {
    std::size_t count = 0;
    for (const auto field : *this)
        count += iequals(field.name, name) ? 1 : 0;
    return count;
}

void Header::erase(std::initializer_list<std::string_view> names) {
    erase_if([&](const HeaderField& field) {
        return std::any_of(names.begin(), names.end(), [&](auto name) {
            return iequals(field.name, name);
        });
    });
}

void Header::erase_if(const std::function<bool(const HeaderField&)>& unwanted) {
    Header kept;
    kept.section_.reserve(section_.size());
    std::size_t copied = 0;
    for (std::size_t i = 0; i < places_.size(); ++i) {
        const auto& place = places_[i];
        const bool drop = unwanted(field(i));
        const auto until = drop ? place.begin : place.end;
        kept.section_.append(section_, copied, until - copied);
        copied = place.end;
        if (drop) continue;
        const auto end = static_cast<std::uint32_t>(kept.section_.size());
        const auto shift = place.end - end;
        kept.places_.push_back({place.begin - shift, place.colon - shift, end});
    }
    if (kept.places_.size() == places_.size()) return;
    kept.section_.append(section_, copied);
    *this = std::move(kept);
}

void Header::prepend(std::string_view fields) {
    auto places = parse(fields);
    const auto shift = static_cast<std::uint32_t>(fields.size());
    for (const auto& place : places_)
        places.push_back({place.begin + shift, place.colon + shift, place.end + shift});
    section_.insert(0, fields);
    places_ = std::move(places);
}

std::optional<HeaderField> find_field(std::string_view section, std::string_view name) {
    while (!section.empty()) {
        const auto whole = take_field(section);
        if (whole.empty()) break;
        parsed_octets += whole.size();
        if (iequals(field_name(whole), name)) return make_field(whole, whole.find(':'));
    }
    return std::nullopt;
}

std::uint64_t octets_parsed() noexcept {
    return parsed_octets;
}

}  // namespace outpost::mail
