// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace outpost::server {

/// Has malloc take blocks of 1 MiB and more from the system one by one, and give them back when
/// they are freed. Left to itself it keeps such blocks once it has seen some, for each thread
/// apart: then large messages would take several times the memory that their budget says.
void return_large_blocks();

}  // namespace outpost::server
