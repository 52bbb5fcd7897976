// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "core/foundation/async/awaitable.hpp"

namespace outpost {

/// Starts a coroutine that nobody waits for, and whose exceptions nobody sees. Only where a
/// TaskGroup cannot be asked: the coroutine deals with its failures itself, and owns what it uses
/// or uses what outlives its executor.
void detach(const Executor& executor, awaitable<void> task);

}  // namespace outpost
