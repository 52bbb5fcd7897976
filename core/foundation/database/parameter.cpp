// SPDX-License-Identifier: Apache-2.0
#include "core/foundation/database/parameter.hpp"

#include <fmt/format.h>

#include "core/foundation/database/array.hpp"
#include "core/foundation/database/time_text.hpp"

namespace outpost::db {

namespace {

Parameter text_form(std::string value) {
    return {Parameter::Form::text, std::move(value)};
}
Parameter binary_form(std::string value) {
    return {Parameter::Form::binary, std::move(value)};
}

template <class T>
Parameter array(ElementType type, const std::vector<T>& batch) {
    ArrayWriter out(type, batch.size());
    for (auto&& value : batch)  // of booleans: a proxy
        write(out, static_cast<const T&>(value));
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
    return array(ElementType::int4, batch);
}
Parameter encode(const std::vector<bool>& batch) {
    return array(ElementType::boolean, batch);
}
Parameter encode(const std::vector<double>& batch) {
    return array(ElementType::float8, batch);
}

}  // namespace outpost::db
