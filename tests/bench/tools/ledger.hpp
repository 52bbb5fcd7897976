// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace outpost::bench {

/// What the sink has received. Each message of `smtp_source` says in its header which one it is
/// (X-Bench-Number), and the checksum of its body (X-Bench-Sum); its recipients are
/// "r<number>.<k>@…". So copies, mix-ups and damage are found.
class Ledger {
  public:
    /// One message that was taken for these recipients; `content` as it came, dot-stuffed.
    void add(std::string_view content, const std::vector<std::string>& recipients);

    std::uint64_t messages = 0, octets = 0;
    std::uint64_t duplicates = 0;  ///< deliveries of a message to a recipient who had it already
    std::uint64_t mixed_up = 0;    ///< deliveries to a recipient the message was not for
    std::uint64_t damaged = 0;     ///< messages whose body is not the one that was sent
    double first = 0, last = 0;    ///< when the first and the last new delivery came
    /// Deliveries, each counted once.
    std::uint64_t distinct() const noexcept { return seen_.size(); }

  private:
    std::unordered_set<std::uint64_t> seen_;
};

}  // namespace outpost::bench
