// SPDX-License-Identifier: Apache-2.0
#include "core/app/descriptors.hpp"

#include <sys/resource.h>

#include <cerrno>
#include <system_error>

#include "core/base/log.hpp"

namespace outpost::app {

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

}  // namespace outpost::app
