// SPDX-License-Identifier: Apache-2.0
// TXT records at _mta-sts, one a line: an id that comes out can be written into a record again.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "policies/mta_sts/record.hpp"
#include "tests/fuzz/lines.hpp"

using namespace outpost::mta_sts;

namespace {

void require(bool condition) {
    if (!condition) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto texts = lines_of(text);
    const auto id = parse_records(texts);
    if (!id) return 0;
    require(!id->empty() && id->size() <= 32);
    const auto again = parse_records({"v=STSv1; id=" + *id + ";"});
    require(again && *again == *id);
    auto twice = texts;
    twice.push_back("v=STSv1; id=x");
    require(!parse_records(twice));
    return 0;
}
