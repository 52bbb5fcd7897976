// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <chrono>
#include <thread>

namespace outpost::test {

/// Waits for a condition that another thread brings about, and says whether it came. The limit is
/// for tests that fail: far beyond what the slowest machine needs.
template <class Condition>
bool soon(Condition condition, std::chrono::seconds limit = std::chrono::seconds(30)) {
    const auto until = std::chrono::steady_clock::now() + limit;
    while (!condition()) {
        if (std::chrono::steady_clock::now() > until) return condition();
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return true;
}

}  // namespace outpost::test
