// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <string>
#include <utility>

#include "core/foundation/database/binary.hpp"

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
/// element type, length, lower bound) and then the elements.
class ArrayWriter : public BinaryWriter {
  public:
    ArrayWriter(ElementType type, std::size_t count);

    void null();

    /// The array; exactly `count` elements must have been written.
    std::string take() { return std::move(out_); }
};

}  // namespace outpost::db
