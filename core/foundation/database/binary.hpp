// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/foundation/base/clock.hpp"

namespace outpost::db {

/// A bytea value: any bytes, viewed (the owner must outlive the statement it is given to).
class Bytes {
  public:
    explicit Bytes(std::string_view view) : view_(view) {}
    std::string_view view() const noexcept { return view_; }

  private:
    std::string_view view_;
};

/// Writes values as PostgreSQL's binary formats have them: length, then bytes, big-endian. Bytes
/// travel as they are: no quoting, no hexadecimal.
class BinaryWriter {
  public:
    void null();
    void bytes(std::string_view value);
    void flag(bool value);
    void int4(std::int32_t value);
    void int8(std::int64_t value);
    void float8(double value);

  protected:
    void put16(std::uint16_t value);
    void put32(std::uint32_t value);
    void put64(std::uint64_t value);
    std::string out_;
};

// What each C++ type is in PostgreSQL.
void write(BinaryWriter& out, bool value);          ///< boolean
void write(BinaryWriter& out, std::int32_t value);  ///< int4
void write(BinaryWriter& out, std::int64_t value);  ///< int8
void write(BinaryWriter& out, double value);        ///< float8
void write(BinaryWriter& out, WallTime value);      ///< timestamptz
void write(BinaryWriter& out, Bytes value);         ///< bytea
/// text. Throws db::Error when it holds a NUL, which PostgreSQL's text cannot.
void write(BinaryWriter& out, std::string_view value);
inline void write(BinaryWriter& out, const std::string& value) {
    write(out, std::string_view(value));
}
inline void write(BinaryWriter& out, const char* value) {
    write(out, std::string_view(value));
}

template <class Writer, class T>
void write(Writer& out, const std::optional<T>& value) {
    value ? write(out, *value) : out.null();
}

/// Throws db::Error when the text holds a NUL.
void refuse_nul(std::string_view text);

}  // namespace outpost::db
