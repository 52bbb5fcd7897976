// SPDX-License-Identifier: Apache-2.0
#include "core/foundation/database/binary.hpp"

#include <array>
#include <bit>
#include <limits>

#include "core/foundation/database/errors.hpp"
#include "core/foundation/database/time_text.hpp"

namespace outpost::db {

namespace {

constexpr std::uint32_t null_length = 0xffffffff;

template <class T>
void append_big_endian(std::string& out, T value) {
    std::array<char, sizeof(T)> octets;
    for (std::size_t i = 0; i < sizeof(T); ++i)
        octets[i] = static_cast<char>(value >> (8 * (sizeof(T) - 1 - i)) & 0xff);
    out.append(octets.data(), octets.size());
}

}  // namespace

void BinaryWriter::null() {
    put32(null_length);
}

void BinaryWriter::bytes(std::string_view value) {
    if (value.size() > std::numeric_limits<std::int32_t>::max())
        throw Error("a value is too long for PostgreSQL");
    put32(static_cast<std::uint32_t>(value.size()));
    out_ += value;
}

void BinaryWriter::flag(bool value) {
    put32(1);
    out_ += value ? '\1' : '\0';
}

void BinaryWriter::int4(std::int32_t value) {
    put32(4);
    put32(static_cast<std::uint32_t>(value));
}

void BinaryWriter::int8(std::int64_t value) {
    put32(8);
    put64(static_cast<std::uint64_t>(value));
}

void BinaryWriter::float8(double value) {
    put32(8);
    put64(std::bit_cast<std::uint64_t>(value));
}

void BinaryWriter::put16(std::uint16_t value) {
    append_big_endian(out_, value);
}
void BinaryWriter::put32(std::uint32_t value) {
    append_big_endian(out_, value);
}
void BinaryWriter::put64(std::uint64_t value) {
    append_big_endian(out_, value);
}

void write(BinaryWriter& out, bool value) {
    out.flag(value);
}
void write(BinaryWriter& out, std::int32_t value) {
    out.int4(value);
}
void write(BinaryWriter& out, std::int64_t value) {
    out.int8(value);
}
void write(BinaryWriter& out, double value) {
    out.float8(value);
}
void write(BinaryWriter& out, WallTime value) {
    out.int8(binary_time(value));
}
void write(BinaryWriter& out, Bytes value) {
    out.bytes(value.view());
}
void write(BinaryWriter& out, std::string_view value) {
    refuse_nul(value);
    out.bytes(value);
}

void refuse_nul(std::string_view text) {
    if (text.find('\0') != std::string_view::npos)
        throw Error("a text with a NUL byte cannot be stored");
}

}  // namespace outpost::db
