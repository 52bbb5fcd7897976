// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <chrono>
#include <cstddef>

namespace outpost::delivery {

/// So many messages at the most in any interval of this length; none: any number.
struct Rate {
    std::size_t messages = 0;
    std::chrono::seconds per{0};

    bool is_set() const noexcept { return messages > 0; }
    bool operator==(const Rate&) const = default;
};

}  // namespace outpost::delivery
