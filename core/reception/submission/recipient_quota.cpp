// SPDX-License-Identifier: Apache-2.0
#include "core/reception/submission/recipient_quota.hpp"

namespace outpost::submission {

bool RecipientQuota::is_known(const std::string& account) {
    const std::lock_guard lock(mutex_);
    const auto found = by_account_.find(account);
    return found != by_account_.end() && SteadyClock::now() - found->second.looked_at < look_again;
}

void RecipientQuota::note(const std::string& account, std::uint64_t queued) {
    const std::lock_guard lock(mutex_);
    by_account_[account] = {queued, 0, SteadyClock::now()};
}

bool RecipientQuota::take_known(const std::string& account, std::size_t limit) {
    const std::lock_guard lock(mutex_);
    Count& count = by_account_[account];
    if (count.queued + count.taken_since >= limit) return false;
    ++count.taken_since;
    return true;
}

awaitable<bool> RecipientQuota::take(std::string account, std::size_t limit) {
    if (limit == 0) co_return true;
    if (!is_known(account)) {
        const auto queued = co_await store_.recipients_within(account, window);
        note(account, queued);
    }
    co_return take_known(account, limit);
}

}  // namespace outpost::submission
