// SPDX-License-Identifier: Apache-2.0
// What a policy host serves: a policy that is taken has all that it must, and can be stored.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "core/foundation/base/safe_text.hpp"
#include "policies/mta_sts/policy_text.hpp"
#include "policies/mta_sts/standing.hpp"

using namespace outpost::mta_sts;

namespace {

void require(bool condition) {
    if (!condition) std::abort();
}

void check(const Policy& policy, std::string_view served) {
    require(policy.text == served && served.find('\0') == served.npos);
    require(policy.max_age.count() >= 0 && policy.max_age.count() <= 31'557'600);
    require(policy.mode == Mode::none || !policy.mx.empty());
    for (const std::string& pattern : policy.mx) {
        require(pattern.find('\n') == pattern.npos);
        if (!pattern.starts_with("*.")) {
            require(names_host(policy, pattern));
            continue;
        }
        require(names_host(policy, "a" + pattern.substr(1)));
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto policy = parse_policy(text);
    if (!policy) {
        require(outpost::is_clean_utf8(policy.error()));
        return 0;
    }
    check(*policy, text);
    for (const std::string& line : finding({*policy, false, {}}, "a.test").policy.strings)
        require(line.find('\n') == line.npos);
    (void)names_host(*policy, text);
    return 0;
}
