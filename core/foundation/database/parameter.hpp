// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/foundation/base/clock.hpp"
#include "core/foundation/database/binary.hpp"

namespace outpost::db {

/// One parameter as it travels. Single values other than bytea travel as text, so PostgreSQL takes
/// them for any type the statement asks for; bytea and arrays travel in PostgreSQL's binary format,
/// so the statement must name exactly their type (see encode).
struct Parameter {
    enum class Form : std::uint8_t { null, text, binary };
    Form form = Form::null;
    std::string value;
};

// Single values. The statement may cast or compare them as it likes.
Parameter encode(std::nullptr_t);
/// Throws db::Error when the text holds a NUL, which PostgreSQL's text cannot.
Parameter encode(std::string_view text);
inline Parameter encode(const std::string& text) {
    return encode(std::string_view(text));
}
inline Parameter encode(const char* text) {
    return encode(std::string_view(text));
}
Parameter encode(int number);
Parameter encode(std::int64_t number);
Parameter encode(double number);
Parameter encode(bool flag);
/// UTC, to the microsecond.
Parameter encode(WallTime time);
/// $n::bytea
Parameter encode(Bytes bytes);

// Batches: one array each. The statement must write the cast.
Parameter encode(const std::vector<std::int64_t>& batch);                 ///< $n::int8[]
Parameter encode(const std::vector<std::optional<std::int64_t>>& batch);  ///< $n::int8[]
Parameter encode(const std::vector<std::int32_t>& batch);                 ///< $n::int4[]
Parameter encode(const std::vector<bool>& batch);                         ///< $n::bool[]
Parameter encode(const std::vector<double>& batch);                       ///< $n::float8[]
Parameter encode(const std::vector<std::string>& batch);                  ///< $n::text[]
Parameter encode(const std::vector<std::optional<std::string>>& batch);   ///< $n::text[]
Parameter encode(const std::vector<Bytes>& batch);                        ///< $n::bytea[]
Parameter encode(const std::vector<WallTime>& batch);                     ///< $n::timestamptz[]
Parameter encode(const std::vector<std::optional<WallTime>>& batch);      ///< $n::timestamptz[]

template <class T>
Parameter encode(const std::optional<T>& value) {
    return value ? encode(*value) : encode(nullptr);
}

}  // namespace outpost::db
