// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace outpost::server {

/// Version of this program, as nodes and logs show it.
const char* program_version() noexcept;

}  // namespace outpost::server
