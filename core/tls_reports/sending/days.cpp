// SPDX-License-Identifier: Apache-2.0
#include "core/tls_reports/sending/days.hpp"

#include <fmt/format.h>

#include <charconv>

namespace outpost::tls_reports {

std::string text(std::chrono::sys_days day) {
    const std::chrono::year_month_day date(day);
    return fmt::format(
        "{:04}-{:02}-{:02}", static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
        static_cast<unsigned>(date.day())
    );
}

std::optional<std::chrono::sys_days> parse_day(std::string_view text) {
    if (text.size() != 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
    const auto number = [](std::string_view digits) {
        unsigned value = 0;
        const auto end = digits.data() + digits.size();
        return std::from_chars(digits.data(), end, value).ptr == end ? value : 0U;
    };
    const std::chrono::year_month_day date(
        std::chrono::year(static_cast<int>(number(text.substr(0, 4)))),
        std::chrono::month(number(text.substr(5, 2))), std::chrono::day(number(text.substr(8, 2)))
    );
    if (!date.ok() || date.year() < std::chrono::year(1970)) return std::nullopt;
    return std::chrono::sys_days(date);
}

}  // namespace outpost::tls_reports
