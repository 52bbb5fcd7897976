// SPDX-License-Identifier: Apache-2.0
#include <charconv>

#include <fmt/format.h>

#include "core/foundation/base/encoding.hpp"
#include "core/foundation/database/pqxx_shim.hpp"
#include "core/foundation/database/session.hpp"
#include "core/foundation/database/time_text.hpp"

namespace outpost::db {

namespace {

const pqxx::result& as_result(const void* result) {
    return *static_cast<const pqxx::result*>(result);
}

pqxx::field field_of(const void* any, std::size_t index, int column) {
    const auto& result = as_result(any);
    if (column < 0 ||
        static_cast<std::size_t>(column) >= static_cast<std::size_t>(result.columns()))
        throw Error(fmt::format("the result has no column {}", column));
    return result[static_cast<pqxx::result::size_type>(index)]
                 [static_cast<pqxx::row::size_type>(column)];
}

[[noreturn]] void refuse(std::string_view value, const char* kind) {
    throw Error(fmt::format("the database returned '{}' where {} was expected", value, kind));
}

template <class T>
T parse_number(std::string_view text, const char* kind) {
    T value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) refuse(text, kind);
    return value;
}

}  // namespace

bool Row::is_null(int column) const {
    return field_of(result_, index_, column).is_null();
}

std::string_view Row::view(int column) const {
    const auto field = field_of(result_, index_, column);
    if (field.is_null()) throw Error(fmt::format("column {} of the result is NULL", column));
    return {field.c_str(), static_cast<std::size_t>(field.size())};
}

std::int64_t Row::number(int column) const {
    return parse_number<std::int64_t>(view(column), "a whole number");
}
double Row::real(int column) const {
    return parse_number<double>(view(column), "a number");
}

bool Row::flag(int column) const {
    const auto text = view(column);
    if (text != "t" && text != "f") refuse(text, "a boolean");
    return text == "t";
}

std::string Row::bytes(int column) const {
    const auto text = view(column);
    if (!text.starts_with("\\x")) refuse(text.substr(0, 20), "a bytea value");
    auto decoded = hex_decode(text.substr(2));
    if (!decoded) refuse(text.substr(0, 20), "a bytea value");
    return std::move(*decoded);
}

WallTime Row::time(int column) const {
    return parse_time(view(column));
}

std::optional<std::string> Row::optional_text(int column) const {
    if (is_null(column)) return std::nullopt;
    return text(column);
}
std::optional<std::int64_t> Row::optional_number(int column) const {
    if (is_null(column)) return std::nullopt;
    return number(column);
}
std::optional<WallTime> Row::optional_time(int column) const {
    if (is_null(column)) return std::nullopt;
    return time(column);
}

std::size_t Rows::size() const {
    return static_cast<std::size_t>(as_result(result_.get()).size());
}
std::size_t Rows::affected() const {
    return static_cast<std::size_t>(as_result(result_.get()).affected_rows());
}

Row Rows::at(std::size_t row) const {
    if (row >= size())
        throw Error(fmt::format("the result has {} rows, row {} was asked for", size(), row));
    return {result_.get(), row};
}

}  // namespace outpost::db
