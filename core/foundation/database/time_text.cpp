// SPDX-License-Identifier: Apache-2.0
#include "core/foundation/database/time_text.hpp"

#include <charconv>
#include <chrono>

#include <fmt/format.h>

#include "core/foundation/database/errors.hpp"

namespace outpost::db {

using namespace std::chrono;

namespace {

/// Takes digits off the front of a text, piece by piece.
class Scanner {
  public:
    explicit Scanner(std::string_view text) : whole_(text), rest_(text) {}

    int number(std::size_t digits) {
        int value = 0;
        if (rest_.size() < digits) refuse();
        const auto end = rest_.data() + digits;
        const auto [stop, error] = std::from_chars(rest_.data(), end, value);
        if (error != std::errc() || stop != end || value < 0) refuse();
        rest_.remove_prefix(digits);
        return value;
    }
    bool skip(char c) {
        if (rest_.empty() || rest_.front() != c) return false;
        rest_.remove_prefix(1);
        return true;
    }
    void expect(char c) {
        if (!skip(c)) refuse();
    }
    /// The digits after a decimal point, as microseconds.
    int fraction() {
        int value = 0;
        int scale = 100'000;
        while (!rest_.empty() && rest_.front() >= '0' && rest_.front() <= '9') {
            value += (rest_.front() - '0') * scale;
            scale /= 10;
            rest_.remove_prefix(1);
        }
        return value;
    }
    std::string_view rest() const { return rest_; }
    [[noreturn]] void refuse() const {
        throw Error(
            fmt::format("the database returned '{}' where a time in UTC was expected", whole_)
        );
    }

  private:
    std::string_view whole_;
    std::string_view rest_;
};

}  // namespace

std::string format_time(WallTime time) {
    const auto exact = floor<microseconds>(time);
    const auto day = floor<days>(exact);
    const year_month_day date(day);
    const hh_mm_ss clock(exact - day);
    return fmt::format(
        "{:04}-{:02}-{:02} {:02}:{:02}:{:02}.{:06}+00", static_cast<int>(date.year()),
        static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
        clock.hours().count(), clock.minutes().count(), clock.seconds().count(),
        clock.subseconds().count()
    );
}

WallTime parse_time(std::string_view text) {
    Scanner in(text);
    const year y(in.number(4));
    in.expect('-');
    const month m(static_cast<unsigned>(in.number(2)));
    in.expect('-');
    const day d(static_cast<unsigned>(in.number(2)));
    in.expect(' ');
    const hours hour(in.number(2));
    in.expect(':');
    const minutes minute(in.number(2));
    in.expect(':');
    const seconds second(in.number(2));
    const microseconds part(in.skip('.') ? in.fraction() : 0);
    if (in.rest() != "+00") in.refuse();
    const year_month_day date(y, m, d);
    if (!date.ok()) in.refuse();
    return sys_days(date) + hour + minute + second + part;
}

std::int64_t binary_time(WallTime time) {
    constexpr sys_days epoch = 2000y / January / 1;
    return (floor<microseconds>(time) - epoch).count();
}

}  // namespace outpost::db
