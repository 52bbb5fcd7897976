// SPDX-License-Identifier: Apache-2.0
#include "core/db/array.hpp"

#include <bit>
#include <limits>

#include "core/db/errors.hpp"

namespace outpost::db {

namespace {
constexpr std::uint32_t null_length = 0xffffffff;
constexpr std::size_t null_flag_at = 4;
}  // namespace

ArrayWriter::ArrayWriter(ElementType type, std::size_t count) {
    if (count > std::numeric_limits<std::int32_t>::max())
        throw Error("a batch is too long for one array");
    const bool empty = count == 0;
    put32(empty ? 0 : 1);  // dimensions: the empty array has none
    put32(0);              // no NULL among the elements, until `null` says otherwise
    put32(static_cast<std::uint32_t>(type));
    if (empty) return;
    put32(static_cast<std::uint32_t>(count));
    put32(1);  // SQL counts from 1
}

void ArrayWriter::null() {
    out_[null_flag_at + 3] = 1;
    put32(null_length);
}

void ArrayWriter::bytes(std::string_view value) {
    if (value.size() > std::numeric_limits<std::int32_t>::max())
        throw Error("a value is too long for PostgreSQL");
    put32(static_cast<std::uint32_t>(value.size()));
    out_ += value;
}

void ArrayWriter::flag(bool value) {
    put32(1);
    out_ += value ? '\1' : '\0';
}

void ArrayWriter::int4(std::int32_t value) {
    put32(4);
    put32(static_cast<std::uint32_t>(value));
}

void ArrayWriter::int8(std::int64_t value) {
    put32(8);
    put64(static_cast<std::uint64_t>(value));
}

void ArrayWriter::float8(double value) {
    put32(8);
    put64(std::bit_cast<std::uint64_t>(value));
}

void ArrayWriter::put32(std::uint32_t value) {
    for (int shift = 24; shift >= 0; shift -= 8)
        out_ += static_cast<char>(value >> shift & 0xff);
}

void ArrayWriter::put64(std::uint64_t value) {
    put32(static_cast<std::uint32_t>(value >> 32));
    put32(static_cast<std::uint32_t>(value));
}

}  // namespace outpost::db
