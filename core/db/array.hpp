// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace outpost::db {

/// The element types we send, by their fixed object ids (src/include/catalog/pg_type.dat).
enum class ElementType : std::uint32_t {
    boolean = 16,
    bytea = 17,
    int8 = 20,
    int4 = 23,
    text = 25,
    float8 = 701,
    timestamptz = 1184
};

/// Writes a one-dimensional array in PostgreSQL's binary format: a header (dimensions, null flag,
/// element type, length, lower bound) and then each element's length and bytes, big-endian. Bytes
/// travel as they are: no quoting, no hexadecimal.
class ArrayWriter {
  public:
    ArrayWriter(ElementType type, std::size_t count);

    void null();
    void bytes(std::string_view value);
    void flag(bool value);
    void int4(std::int32_t value);
    void int8(std::int64_t value);
    void float8(double value);

    /// The array; exactly `count` elements must have been written.
    std::string take() { return std::move(out_); }

  private:
    void put32(std::uint32_t value);
    void put64(std::uint64_t value);
    std::string out_;
};

}  // namespace outpost::db
