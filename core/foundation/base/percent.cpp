// SPDX-License-Identifier: Apache-2.0
#include "core/foundation/base/percent.hpp"

#include "core/foundation/base/encoding.hpp"

namespace outpost {

std::optional<std::string> percent_decode(std::string_view text) {
    std::string out;
    while (!text.empty()) {
        const bool encoded = text.front() == '%';
        const auto octet = encoded ? hex_decode(text.substr(1, 2)) : std::string(1, text.front());
        if (!octet || octet->size() != 1) return std::nullopt;
        out += *octet;
        text.remove_prefix(encoded ? 3 : 1);
    }
    return out;
}

}  // namespace outpost
