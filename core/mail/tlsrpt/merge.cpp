// SPDX-License-Identifier: Apache-2.0
#include "core/mail/tlsrpt/merge.hpp"

#include <algorithm>
#include <map>
#include <utility>

namespace outpost::tlsrpt {
namespace {

bool same_but_for_count(const FailureDetail& one, FailureDetail other) {
    other.sessions = one.sessions;
    return one == other;
}

void add(Result& sum, Result more) {
    sum.successes += std::max<std::int64_t>(more.successes, 0);
    sum.failures += std::max<std::int64_t>(more.failures, 0);
    for (FailureDetail& detail : more.details)
        tlsrpt::add(sum.details, std::move(detail));
}

}  // namespace

void add(std::vector<FailureDetail>& details, FailureDetail more) {
    more.sessions = std::max<std::int64_t>(more.sessions, 0);
    for (FailureDetail& known : details) {
        if (!same_but_for_count(known, more)) continue;
        known.sessions += more.sessions;
        return;
    }
    details.push_back(std::move(more));
}

std::vector<Result> merge(std::vector<Result> some, const std::vector<Result>& more) {
    some.insert(some.end(), more.begin(), more.end());
    std::map<std::pair<Policy, bool>, Result> sums;
    for (Result& one : some) {
        Result& sum = sums[{one.policy, one.of_host}];
        sum.policy = one.policy;
        sum.of_host = one.of_host;
        add(sum, std::move(one));
    }
    std::vector<Result> merged;
    for (auto& [key, sum] : sums) {
        std::sort(sum.details.begin(), sum.details.end());
        merged.push_back(std::move(sum));
    }
    return merged;
}

}  // namespace outpost::tlsrpt
