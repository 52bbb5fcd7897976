// SPDX-License-Identifier: Apache-2.0
#include "core/mail/sasl/prepare.hpp"

#include <gsasl.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "core/foundation/base/encoding.hpp"

namespace outpost::sasl {
namespace {

std::string saslprep(std::string_view text) {
    const bool representable = text.find('\0') == std::string_view::npos && is_utf8(text);
    if (!representable) return std::string(text);
    const std::string input(text);
    char* output = nullptr;
    if (gsasl_saslprep(input.c_str(), GSASL_ALLOW_UNASSIGNED, &output, nullptr) != GSASL_OK) {
        return input;
    }
    std::string prepared = output;
    std::memset(output, 0, prepared.size());
    gsasl_free(output);
    return prepared;
}

}  // namespace

Secret prepare(const Secret& password) {
    // Most passwords are ASCII, which SASLprep leaves alone: no copies of them in foreign buffers.
    if (is_ascii(password.reveal())) return password;
    return Secret(saslprep(password.reveal()));
}

std::string prepare(std::string_view username) {
    return saslprep(username);
}

bool is_printable(std::string_view text) noexcept {
    return std::none_of(text.begin(), text.end(), [](char c) {
        const auto octet = static_cast<unsigned char>(c);
        return octet < 0x20 || octet == 0x7f;
    });
}

}  // namespace outpost::sasl
