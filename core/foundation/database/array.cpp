// SPDX-License-Identifier: Apache-2.0
#include "core/foundation/database/array.hpp"

#include <limits>

#include "core/foundation/database/errors.hpp"

namespace outpost::db {

namespace {
constexpr std::size_t null_flag_at = 4;
/// Of one element: a length and a number, or a few letters.
constexpr std::size_t likely_octets = 12;
}  // namespace

ArrayWriter::ArrayWriter(ElementType type, std::size_t count) {
    if (count > std::numeric_limits<std::int32_t>::max())
        throw Error("a batch is too long for one array");
    const bool empty = count == 0;
    out_.reserve(20 + count * likely_octets);
    put32(empty ? 0 : 1);  // dimensions: the empty array has none
    put32(0);              // no NULL among the elements, until `null` says otherwise
    put32(static_cast<std::uint32_t>(type));
    if (empty) return;
    put32(static_cast<std::uint32_t>(count));
    put32(1);  // SQL counts from 1
}

void ArrayWriter::null() {
    out_[null_flag_at + 3] = 1;
    BinaryWriter::null();
}

}  // namespace outpost::db
