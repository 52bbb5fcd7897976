// SPDX-License-Identifier: Apache-2.0
// A stranger's mail that may carry a report: found or not, within its bounds.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "core/mail/tlsrpt/report_message.hpp"

using namespace outpost;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view whole(reinterpret_cast<const char*>(data), size);
    const auto end = whole.find("\r\n\r\n");
    const auto header = whole.substr(0, end == whole.npos ? size : end + 4);
    const mail::Content message{std::string(header), {std::string(whole.substr(header.size()))}};
    const auto text = tlsrpt::report_text(message);
    if (text && text->size() > tlsrpt::longest_report) std::abort();
    return 0;
}
