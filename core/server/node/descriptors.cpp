// SPDX-License-Identifier: Apache-2.0
#include "core/server/node/descriptors.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <system_error>

#include "core/foundation/base/log.hpp"

namespace outpost::server {

void raise_descriptor_limit() {
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max) return;
    limit.rlim_cur = limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0) {
        log::info(
            "app", "cannot raise the limit of open files: {}",
            std::generic_category().message(errno)
        );
    }
}

std::size_t descriptor_limit() {
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return SIZE_MAX;
    return limit.rlim_cur;
}

dispatch::Settings within_descriptors(const Settings& settings, std::size_t descriptors) {
    constexpr std::size_t our_own = 100;  // libraries, log, database, look-ups
    std::size_t clients = 0;
    for (const auto& [name, listener] : settings.listeners)
        clients += listener.max_connections;
    const std::size_t others = std::min(clients + our_own, descriptors / 2);
    dispatch::Settings limits = settings.limits;
    const std::size_t left = (descriptors - others) / 4 * 3;
    limits.max_in_flight = std::clamp<std::size_t>(left, 1, limits.max_in_flight);
    return limits;
}

}  // namespace outpost::server
