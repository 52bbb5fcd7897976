// SPDX-License-Identifier: Apache-2.0
// What is read from envelopes and headers: nothing crashes, and what was accepted is clean, stays
// the same when read back, and splits into no second line.
#include <cstdlib>
#include <string_view>

#include "core/foundation/base/safe_text.hpp"
#include "core/mail/message/address.hpp"
#include "core/mail/message/header.hpp"
#include "core/mail/message/submission.hpp"
#include "core/mail/message/xtext.hpp"

using namespace outpost::mail;

namespace {

void require(bool condition) {
    if (!condition) std::abort();
}

void check_address(std::string_view text) {
    const auto address = Address::parse(text);
    if (!address) return;
    for (const auto& written : {address->wire(), address->unicode()}) {
        require(outpost::is_clean_utf8(written));
        const auto again = Address::parse(written);
        require(again && *again == *address);
    }
}

void check_xtext(std::string_view text) {
    const auto plain = xtext_decode(text);
    if (plain)
        require(outpost::is_clean_utf8(*plain) && xtext_decode(xtext_encode(*plain)).has_value());
    require(outpost::is_clean_utf8(xtext_encode(text)));
}

void check_header(std::string_view text) {
    Header header{std::string(text)};
    for (const auto field : header) {
        require(field.value().find('\n') == std::string::npos);
        require(find_field(text, field.name).has_value());
    }
    header.erase({"Bcc"});
    require(header.count("Bcc") == 0 && Header(header.str()).count("Bcc") == 0);
    for (const auto& address : parse_address_list(text).addresses)
        require(Address::parse(address).has_value());

    const auto parts = split_message({std::string(text)});
    require(parts.header.ends_with("\r\n"));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    check_address(text);
    check_xtext(text);
    check_header(text);
    return 0;
}
