// SPDX-License-Identifier: Apache-2.0
// TXT records at _smtp._tls, one a line: no address that comes out can end a line, and the record
// can be written again.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "core/mail/tlsrpt/record.hpp"
#include "tests/fuzz/lines.hpp"

using namespace outpost::tlsrpt;

namespace {

void require(bool condition) {
    if (!condition) std::abort();
}

bool is_one_line(std::string_view text) {
    return std::none_of(text.begin(), text.end(), [](unsigned char c) {
        return c < ' ' || c == 0x7f;
    });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    auto texts = lines_of({reinterpret_cast<const char*>(data), size});
    auto record = parse_records(texts);
    if (!record) return 0;
    for (const auto& address : record->mail)
        require(!address.is_null() && is_one_line(address.wire()));
    for (const auto& uri : record->https)
        require(is_one_line(uri));
    record->ignored.clear();
    if (!record->mail.empty() || !record->https.empty()) {
        const auto again = parse_records({text(*record)});
        require(again && *again == *record);
    }
    texts.push_back("v=TLSRPTv1; rua=mailto:a@example.org");
    require(!parse_records(texts));
    return 0;
}
