// SPDX-License-Identifier: Apache-2.0
// The head of a stranger's HTTP request: what is taken has one meaning.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "core/net/http_server/request.hpp"
#include "tests/fuzz/lines.hpp"

using namespace outpost::http_server;

namespace {

void require(bool condition) {
    if (!condition) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto head = parse_head(lines_of({reinterpret_cast<const char*>(data), size}));
    if (!head) return 0;
    require(!head->method.empty() && head->path.starts_with('/'));
    require(head->path.find_first_of(" ?\r\n") == std::string::npos);
    require(head->host.find_first_of(" \t\r\n") == std::string::npos);
    require(!(head->has_coding && head->content_length));
    return 0;
}
