// SPDX-License-Identifier: Apache-2.0
#include "core/db/parameter.hpp"

#include <fmt/format.h>

#include "core/db/array.hpp"
#include "core/db/errors.hpp"
#include "core/db/time_text.hpp"

namespace outpost::db {

namespace {

Parameter text_form(std::string value) {
    return {Parameter::Form::text, std::move(value)};
}
Parameter binary_form(std::string value) {
    return {Parameter::Form::binary, std::move(value)};
}

void refuse_nul(std::string_view text) {
    if (text.find('\0') != std::string_view::npos)
        throw Error("a text with a NUL byte cannot be stored");
}

void write(ArrayWriter& out, std::int64_t value) {
    out.int8(value);
}
void write(ArrayWriter& out, WallTime value) {
    out.int8(binary_time(value));
}
void write(ArrayWriter& out, Bytes value) {
    out.bytes(value.view());
}
void write(ArrayWriter& out, const std::string& value) {
    refuse_nul(value);
    out.bytes(value);
}
template <class T>
void write(ArrayWriter& out, const std::optional<T>& value) {
    value ? write(out, *value) : out.null();
}

template <class T>
Parameter array(ElementType type, const std::vector<T>& batch) {
    ArrayWriter out(type, batch.size());
    for (const auto& value : batch)
        write(out, value);
    return binary_form(out.take());
}

}  // namespace

Parameter encode(std::nullptr_t) {
    return {};
}
Parameter encode(std::string_view text) {
    refuse_nul(text);
    return text_form(std::string(text));
}
Parameter encode(int number) {
    return text_form(std::to_string(number));
}
Parameter encode(std::int64_t number) {
    return text_form(std::to_string(number));
}
Parameter encode(double number) {
    return text_form(fmt::format("{}", number));
}
Parameter encode(bool flag) {
    return text_form(flag ? "t" : "f");
}
Parameter encode(WallTime time) {
    return text_form(format_time(time));
}
Parameter encode(Bytes bytes) {
    return binary_form(std::string(bytes.view()));
}

Parameter encode(const std::vector<std::int64_t>& batch) {
    return array(ElementType::int8, batch);
}
Parameter encode(const std::vector<std::optional<std::int64_t>>& batch) {
    return array(ElementType::int8, batch);
}
Parameter encode(const std::vector<std::string>& batch) {
    return array(ElementType::text, batch);
}
Parameter encode(const std::vector<std::optional<std::string>>& batch) {
    return array(ElementType::text, batch);
}
Parameter encode(const std::vector<Bytes>& batch) {
    return array(ElementType::bytea, batch);
}
Parameter encode(const std::vector<WallTime>& batch) {
    return array(ElementType::timestamptz, batch);
}
Parameter encode(const std::vector<std::optional<WallTime>>& batch) {
    return array(ElementType::timestamptz, batch);
}

Parameter encode(const std::vector<std::int32_t>& batch) {
    ArrayWriter out(ElementType::int4, batch.size());
    for (const auto value : batch)
        out.int4(value);
    return binary_form(out.take());
}

Parameter encode(const std::vector<bool>& batch) {
    ArrayWriter out(ElementType::boolean, batch.size());
    for (const bool value : batch)
        out.flag(value);
    return binary_form(out.take());
}

Parameter encode(const std::vector<double>& batch) {
    ArrayWriter out(ElementType::float8, batch.size());
    for (const double value : batch)
        out.float8(value);
    return binary_form(out.take());
}

}  // namespace outpost::db
