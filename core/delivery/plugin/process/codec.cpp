// SPDX-License-Identifier: Apache-2.0
#include "core/delivery/plugin/process/codec.hpp"

#include <cstring>

namespace outpost::plugin_host {

void Writer::number(std::int64_t value) {
    char octets[sizeof value];
    std::memcpy(octets, &value, sizeof value);
    octets_.append(octets, sizeof value);
}

void Writer::text(std::string_view value) {
    number(static_cast<std::int64_t>(value.size()));
    octets_.append(value);
}

std::int64_t Reader::number() {
    if (rest_.size() < number_octets) throw Malformed("a message that ends too early");
    std::int64_t value = 0;
    std::memcpy(&value, rest_.data(), sizeof value);
    rest_.remove_prefix(number_octets);
    return value;
}

std::int64_t Reader::number(std::int64_t least, std::int64_t most) {
    const auto value = number();
    if (value < least || value > most) throw Malformed("a number out of its range");
    return value;
}

std::string_view Reader::view() {
    const auto size = number();
    if (size < 0 || static_cast<std::uint64_t>(size) > rest_.size())
        throw Malformed("a text that ends too early");
    const auto text = rest_.substr(0, static_cast<std::size_t>(size));
    rest_.remove_prefix(text.size());
    return text;
}

void Reader::end() const {
    if (!rest_.empty()) throw Malformed("a message with something behind its end");
}

}  // namespace outpost::plugin_host
