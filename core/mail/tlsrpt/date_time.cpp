// SPDX-License-Identifier: Apache-2.0
#include "core/mail/tlsrpt/date_time.hpp"

#include <fmt/chrono.h>

#include <algorithm>

namespace outpost::tlsrpt {
namespace {

using namespace std::chrono;

constexpr bool is_digit(char c) noexcept {
    return c >= '0' && c <= '9';
}

/// Whether `text` looks like `pattern`, in which 0 stands for any digit; both of one length.
bool has_shape(std::string_view text, std::string_view pattern) noexcept {
    return std::equal(
        text.begin(), text.end(), pattern.begin(), pattern.end(),
        [](char c, char expected) { return expected == '0' ? is_digit(c) : c == expected; }
    );
}

int number(std::string_view digits) noexcept {
    int value = 0;
    for (const char c : digits)
        value = value * 10 + (c - '0');
    return value;
}

/// How far the zone is ahead of UTC.
std::optional<minutes> offset_in(std::string_view zone) {
    if (zone.empty() || zone == "Z" || zone == "z") return minutes{0};
    if (!has_shape(zone.substr(1), "00:00") || (zone[0] != '+' && zone[0] != '-'))
        return std::nullopt;
    const int hour = number(zone.substr(1, 2)), minute = number(zone.substr(4, 2));
    if (hour > 23 || minute > 59) return std::nullopt;
    const minutes offset = hours(hour) + minutes(minute);
    return zone[0] == '-' ? -offset : offset;
}

std::string_view without_fraction(std::string_view rest) noexcept {
    if (!rest.starts_with('.')) return rest;
    rest.remove_prefix(1);
    rest.remove_prefix(std::find_if_not(rest.begin(), rest.end(), is_digit) - rest.begin());
    return rest;
}

}  // namespace

std::string date_time(WallTime at) {
    return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(WallClock::to_time_t(at)));
}

std::optional<WallTime> parse_date_time(std::string_view text) {
    constexpr std::size_t date_length = 10, time_length = 8;
    constexpr std::size_t zone_at = date_length + 1 + time_length;
    if (text.size() < zone_at || !has_shape(text.substr(0, date_length), "0000-00-00") ||
        std::string_view("Tt ").find(text[date_length]) == std::string_view::npos ||
        !has_shape(text.substr(date_length + 1, time_length), "00:00:00"))
        return std::nullopt;
    const year_month_day date{
        year(number(text.substr(0, 4))), month(static_cast<unsigned>(number(text.substr(5, 2)))),
        day(static_cast<unsigned>(number(text.substr(8, 2))))
    };
    const int hour = number(text.substr(11, 2)), minute = number(text.substr(14, 2)),
              second = number(text.substr(17, 2));
    const auto offset = offset_in(without_fraction(text.substr(zone_at)));
    constexpr int leap_second = 60;
    // WallTime counts nanoseconds, which would overflow in 2262.
    constexpr year first{1971}, last{2200};
    if (!date.ok() || date.year() < first || date.year() > last || hour > 23 || minute > 59 ||
        second > leap_second || !offset)
        return std::nullopt;
    return sys_days(date) + hours(hour) + minutes(minute) + seconds(second) - *offset;
}

}  // namespace outpost::tlsrpt
