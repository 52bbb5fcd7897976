// SPDX-License-Identifier: Apache-2.0
#include "core/server/node/version.hpp"

namespace outpost::server {

const char* program_version() noexcept {
    return OUTPOST_VERSION;
}

}  // namespace outpost::server
