// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <map>

#include "core/tls_reports/results/tally.hpp"

namespace outpost::tls_results {

/// Tells news of what domains can do from what is known anyhow, so that a busy domain costs no
/// write a message: news is what changed, or was last told an hour ago. Pure.
class AbilityNews {
  public:
    static constexpr std::chrono::hours interval{1};

    /// Remembers what it has answered yes for: about `most` domains, then it begins anew.
    explicit AbilityNews(std::size_t most) : most_(most) {}
    bool is_news(const Learned& learned);

  private:
    const std::size_t most_;
    std::map<AbilityKey, Abilities> told_;
};

}  // namespace outpost::tls_results
