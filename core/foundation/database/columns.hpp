// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <string_view>

namespace outpost::db {

/// A column of a SELECT: the name by which it is read, and the expression that it is.
struct Column {
    std::string_view name, sql;
};

/// The columns of a SELECT in their order. The statement is made of them and its rows are read by
/// their names, so neither can be changed without the other; a name that is not there does not
/// compile.
template <std::size_t N>
class Columns {
  public:
    consteval Columns(const Column (&columns)[N]) {
        for (std::size_t i = 0; i < N; ++i)
            columns_[i] = columns[i];
    }
    /// Where the column stands, counted from 0.
    consteval int operator[](std::string_view name) const {
        for (std::size_t i = 0; i < N; ++i) {
            if (columns_[i].name == name) return static_cast<int>(i);
        }
        throw std::logic_error("no such column");
    }
    constexpr int size() const { return static_cast<int>(N); }
    /// "a, b, c", for the statement.
    std::string sql() const {
        std::string list;
        for (const Column& column : columns_) {
            if (!list.empty()) list += ", ";
            list += column.sql;
        }
        return list;
    }

  private:
    std::array<Column, N> columns_;
};

}  // namespace outpost::db
