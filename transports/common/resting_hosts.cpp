// SPDX-License-Identifier: Apache-2.0
#include "transports/common/resting_hosts.hpp"

namespace outpost::transports {
namespace {

constexpr std::size_t most_remembered = 10'000;

}  // namespace

std::optional<std::string> RestingHosts::reason(const net::Endpoint& address, SteadyTime now)
    const {
    const std::lock_guard lock(mutex_);
    const auto found = failures_.find(address.text());
    if (found == failures_.end() || found->second.in_a_row < failures_before_rest)
        return std::nullopt;
    if (now - found->second.last >= rest) return std::nullopt;
    return found->second.why;
}

// One failure after the rest is enough for another one.
void RestingHosts::failed(const net::Endpoint& address, std::string why, SteadyTime now) {
    const std::lock_guard lock(mutex_);
    if (failures_.size() >= most_remembered) forget_the_old(now);
    Failures& failures = failures_[address.text()];
    ++failures.in_a_row;
    failures.last = now;
    failures.why = std::move(why);
}

void RestingHosts::reached(const net::Endpoint& address) {
    const std::lock_guard lock(mutex_);
    if (!failures_.empty()) failures_.erase(address.text());
}

void RestingHosts::forget_the_old(SteadyTime now) {
    std::erase_if(failures_, [&](const auto& entry) { return now - entry.second.last >= rest; });
    if (failures_.size() >= most_remembered) failures_.clear();
}

}  // namespace outpost::transports
