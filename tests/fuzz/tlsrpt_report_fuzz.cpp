// SPDX-License-Identifier: Apache-2.0
// A stranger's report: what is read of it is within the bounds and can be written and read again.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "core/foundation/base/safe_text.hpp"
#include "core/mail/tlsrpt/report.hpp"

using namespace outpost;
using namespace outpost::tlsrpt;

namespace {

constexpr ReportBounds bounds{
    .octets = 100'000, .policies = 20, .details = 30, .strings = 5, .text_octets = 50
};

void require(bool condition) {
    if (!condition) std::abort();
}

void require_text(std::string_view text) {
    require(text.size() <= bounds.text_octets && is_clean_utf8(text));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto received = parse_report({reinterpret_cast<const char*>(data), size}, bounds);
    if (!received) return 0;
    const Report& report = received->report;
    require(report.begin <= report.end && report.policies.size() <= bounds.policies);
    require_text(report.report_id);
    std::size_t details = received->unknown.size();
    for (const auto& result : report.policies) {
        require(result.successes >= 0 && result.failures >= 0);
        require(result.policy.strings.size() <= bounds.strings);
        require_text(result.policy.domain);
        details += result.details.size();
        for (const auto& detail : result.details)
            require_text(detail.failure_reason_code);
    }
    require(details <= bounds.details);
    for (const auto& failure : received->unknown)
        require(failure.policy < report.policies.size());
    const auto again = parse_report(write_json(report), bounds);
    require(again && again->report == report);
    return 0;
}
