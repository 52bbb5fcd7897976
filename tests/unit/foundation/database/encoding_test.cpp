// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "core/foundation/database/array.hpp"
#include "core/foundation/database/session.hpp"
#include "core/foundation/database/time_text.hpp"
#include "tests/support/temp_postgres.hpp"

using namespace outpost;
using namespace std::chrono_literals;

namespace {

db::Session& session() {
    static db::Session one(test::fresh_database());
    return one;
}

/// What PostgreSQL makes of an array, one element a row; "NULL" for a NULL.
template <class T>
std::vector<std::string> elements(const char* name, const char* sql, const std::vector<T>& batch) {
    std::vector<std::string> out;
    for (const auto row : session().exec(db::Statement{name, sql}, batch))
        out.push_back(row.is_null(0) ? "NULL" : row.text(0));
    return out;
}

using Texts = std::vector<std::string>;

WallTime at(std::int64_t microseconds) {
    return WallTime(std::chrono::microseconds(microseconds));
}

}  // namespace

TEST_CASE("an array has PostgreSQL's binary form") {
    db::ArrayWriter out(db::ElementType::int4, 2);
    out.int4(258);
    out.null();
    const std::string expected(
        "\0\0\0\1"
        "\0\0\0\1"
        "\0\0\0\x17"
        "\0\0\0\2"
        "\0\0\0\1"
        "\0\0\0\4"
        "\0\0\1\2"
        "\xff\xff\xff\xff",
        32
    );
    CHECK(out.take() == expected);
    CHECK(
        db::ArrayWriter(db::ElementType::text, 0).take() == std::string(
                                                                "\0\0\0\0"
                                                                "\0\0\0\0"
                                                                "\0\0\0\x19",
                                                                12
                                                            )
    );
}

TEST_CASE("times are written and read to the microsecond") {
    CHECK(db::format_time(at(0)) == "1970-01-01 00:00:00.000000+00");
    CHECK(db::format_time(at(1'795'445'104'000'123)) == "2026-11-23 14:45:04.000123+00");
    CHECK(db::format_time(at(-1)) == "1969-12-31 23:59:59.999999+00");
    CHECK(db::binary_time(at(946'684'800'000'001)) == 1);
    CHECK(db::parse_time("2026-11-23 14:45:04.000123+00") == at(1'795'445'104'000'123));
    CHECK(db::parse_time("2026-11-23 14:45:04+00") == at(1'795'445'104'000'000));
    CHECK(db::parse_time("2026-11-23 14:45:04.5+00") == at(1'795'445'104'500'000));
    for (const char* bad :
         {"", "infinity", "2026-11-23", "2026-11-23 14:45:04+02", "2026-13-23 14:45:04+00",
          "2026-11-23 14:45:04", "x026-11-23 14:45:04+00"})
        CHECK_THROWS_AS(db::parse_time(bad), db::Error);
}

TEST_CASE("batches arrive as they were sent") {
    using I64 = std::numeric_limits<std::int64_t>;
    CHECK(
        elements(
            "e1", "SELECT unnest($1::int8[])",
            std::vector<std::int64_t>{1, -2, I64::min(), I64::max()}
        ) == Texts{"1", "-2", "-9223372036854775808", "9223372036854775807"}
    );
    CHECK(
        elements(
            "e2", "SELECT unnest($1::int8[])",
            std::vector<std::optional<std::int64_t>>{7, std::nullopt, 8}
        ) == Texts{"7", "NULL", "8"}
    );
    CHECK(
        elements("e3", "SELECT unnest($1::int4[])", std::vector<std::int32_t>{-1, 2147483647}) ==
        Texts{"-1", "2147483647"}
    );
    CHECK(
        elements("e4", "SELECT unnest($1::bool[])", std::vector<bool>{true, false, true}) ==
        Texts{"t", "f", "t"}
    );
    CHECK(
        elements(
            "e5", "SELECT unnest($1::float8[])", std::vector<double>{0.1, -2.5e300, HUGE_VAL}
        ) == Texts{"0.1", "-2.5e+300", "Infinity"}
    );
    const Texts hard{"",         "plain",         "a\"b",
                     "a'b\\c",   "{x,y}",         "NULL",
                     " spaces ", "line\r\nbreak", "gr\xc3\xbc\xc3\x9f"};
    CHECK(elements("e6", "SELECT unnest($1::text[])", hard) == hard);
    CHECK(
        elements(
            "e7", "SELECT unnest($1::text[])",
            std::vector<std::optional<std::string>>{std::nullopt, "x", ""}
        ) == Texts{"NULL", "x", ""}
    );
    CHECK(
        elements(
            "e8", "SELECT unnest($1::timestamptz[])",
            std::vector<std::optional<WallTime>>{at(1'795'445'104'000'123), std::nullopt, at(0)}
        ) == Texts{"2026-11-23 14:45:04.000123+00", "NULL", "1970-01-01 00:00:00+00"}
    );
    CHECK(elements("e9", "SELECT unnest($1::text[])", Texts{}).empty());
    CHECK(
        elements("e10", "SELECT cardinality($1::int8[])", std::vector<std::int64_t>{}) == Texts{"0"}
    );
    CHECK(
        elements("e11", "SELECT cardinality($1::bytea[])", std::vector<db::Bytes>{}) == Texts{"0"}
    );
}

TEST_CASE("bytes arrive as they were sent") {
    std::string all;
    for (int i = 0; i < 256; ++i)
        all += static_cast<char>(i);
    const std::string large(3'000'000, '\0');
    const db::Statement one{"b1", "SELECT $1::bytea"};
    for (const std::string& value : {std::string(), all, std::string("\0", 1), large})
        CHECK(session().exec(one, db::Bytes(value)).at(0).bytes(0) == value);
    const std::vector<db::Bytes> batch{db::Bytes(all), db::Bytes(""), db::Bytes(large)};
    const auto rows = session().exec({"b2", "SELECT unnest($1::bytea[])"}, batch);
    REQUIRE(rows.size() == 3);
    CHECK(rows.at(0).bytes(0) == all);
    CHECK(rows.at(1).bytes(0).empty());
    CHECK(rows.at(2).bytes(0) == large);
}

TEST_CASE("single values of all kinds mix in one statement, with NULLs among them") {
    const db::Statement mixed{
        "m1",
        "SELECT $1::text, $2::int8, $3::bool, $4::text, $5::bytea, $6::timestamptz, "
        "$7::float8, $8::int4, $9::int8[], $10::text"
    };
    const auto now = at(1'795'445'104'000'123);
    const auto rows = session().exec(
        mixed, "it's", std::int64_t{5'000'000'000}, true, nullptr,
        db::Bytes(std::string_view("\0x", 2)), now, 0.25, 42, std::vector<std::int64_t>{3, 4},
        std::optional<std::string>()
    );
    const auto row = rows.at(0);
    CHECK(row.text(0) == "it's");
    CHECK(row.number(1) == 5'000'000'000);
    CHECK(row.flag(2));
    CHECK(row.is_null(3));
    CHECK(row.bytes(4) == std::string("\0x", 2));
    CHECK(row.time(5) == now);
    CHECK(row.real(6) == 0.25);
    CHECK(row.number(7) == 42);
    CHECK(row.text(8) == "{3,4}");
    CHECK(row.optional_text(9) == std::nullopt);
    CHECK_THROWS_AS(static_cast<void>(row.text(3)), db::Error);
    CHECK_THROWS_AS(static_cast<void>(row.number(0)), db::Error);
    CHECK_THROWS_AS(static_cast<void>(row.text(10)), db::Error);
    CHECK_THROWS_AS(static_cast<void>(rows.at(1)), db::Error);
}

TEST_CASE("a text with NUL is refused, not cut") {
    const db::Statement echo{"n1", "SELECT $1::text"};
    const std::string bad("a\0b", 3);
    CHECK_THROWS_AS(session().exec(echo, bad), db::Error);
    CHECK_THROWS_AS(session().exec({"n2", "SELECT $1::text[]"}, Texts{bad}), db::Error);
    CHECK(session().exec(echo, "a").at(0).text(0) == "a");
}
