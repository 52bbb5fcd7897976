// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <chrono>
#include <cstddef>
#include <vector>

#include "core/foundation/base/clock.hpp"

/// When reports are made. Pure.
namespace outpost::tls_reports {

/// When to make so many reports, in order. They begin some minutes after midnight, not at the same
/// moment as everybody else's (RFC 8460 section 4.1), and are spread over the next hours; those
/// left over from days before begin some minutes from now. `dice` is in [0, 1).
std::vector<WallTime> start_times(std::size_t reports, WallTime now, double dice);

/// After so many attempts, from 1 (RFC 8460 section 5.5: exponential back-off).
std::chrono::seconds pause_after(int attempts, double dice);

}  // namespace outpost::tls_reports
