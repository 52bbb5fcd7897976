// SPDX-License-Identifier: Apache-2.0
#include "core/mail/smtp/server_auth_throttle.hpp"

#include <algorithm>

namespace outpost::smtp {
namespace {

constexpr std::size_t max_addresses = 10'000;

}  // namespace

unsigned AuthThrottle::failures(const std::string& ip, SteadyTime now) const {
    const std::lock_guard lock(mutex_);
    const auto found = by_ip_.find(ip);
    if (found == by_ip_.end() || now - found->second.last > memory) return 0;
    return found->second.count;
}

Duration AuthThrottle::delay(const std::string& ip, SteadyTime now) const {
    const unsigned count = failures(ip, now);
    if (count == 0) return Duration::zero();
    return std::chrono::milliseconds(250) * (1U << std::min(count - 1, 10U));
}

bool AuthThrottle::blocked(const std::string& ip, SteadyTime now) const {
    return failures(ip, now) >= max_failures;
}

void AuthThrottle::failed(const std::string& ip, SteadyTime now) {
    const std::lock_guard lock(mutex_);
    if (by_ip_.size() >= max_addresses) {
        std::erase_if(by_ip_, [&](const auto& entry) { return now - entry.second.last > memory; });
        // An attack from everywhere: starting anew bounds the memory, and each source is slowed
        // anyway.
        if (by_ip_.size() >= max_addresses) by_ip_.clear();
    }
    auto& entry = by_ip_[ip];
    if (now - entry.last > memory) entry.count = 0;
    ++entry.count;
    entry.last = now;
}

void AuthThrottle::succeeded(const std::string& ip) {
    const std::lock_guard lock(mutex_);
    by_ip_.erase(ip);
}

}  // namespace outpost::smtp
