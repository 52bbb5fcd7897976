// SPDX-License-Identifier: Apache-2.0
#include "core/net/dns/watched_resolver.hpp"

#include <utility>

namespace outpost::dns {
namespace {

int strength(Security security) noexcept {
    switch (security) {
        case Security::bogus:
            return 0;
        case Security::indeterminate:
            return 1;
        case Security::insecure:
            return 2;
        case Security::secure:
            return 3;
    }
    return 0;
}

Security security_of(const Result<Answer, Failure>& answer) {
    if (answer) return answer->security;
    return answer.error().is_dnssec() ? Security::bogus : Security::indeterminate;
}

}  // namespace

Security weaker(Security a, Security b) noexcept {
    return strength(a) < strength(b) ? a : b;
}

awaitable<Result<Answer, Failure>> WatchedResolver::query(Question question, Deadline deadline) {
    auto answer = co_await resolver_.query(std::move(question), deadline);
    note(answer);
    co_return answer;
}

void WatchedResolver::note(const Result<Answer, Failure>& answer) {
    const auto security = security_of(answer);
    weakest_ = weakest_ ? weaker(*weakest_, security) : security;
    if (answer && answer->records.empty()) ++voids_;
}

}  // namespace outpost::dns
