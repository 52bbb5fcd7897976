// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <vector>

#include "core/mail/tlsrpt/result.hpp"

namespace outpost::tlsrpt {

/// Adds a detail: to the count of its equal (equal in all but the count), if there is one.
void add(std::vector<FailureDetail>& details, FailureDetail more);

/// Both together: results of the same policy are summed, and so are details that differ only in
/// their count. Counts below 0 count as 0. In a fixed order, so that merging is commutative and
/// associative.
std::vector<Result> merge(std::vector<Result> some, const std::vector<Result>& more);

}  // namespace outpost::tlsrpt
