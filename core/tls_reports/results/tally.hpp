// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <chrono>
#include <compare>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/delivery/interface/learned.hpp"
#include "core/foundation/base/clock.hpp"
#include "core/tls_reports/results/oldest_first.hpp"

/// What deliveries learn of other servers' TLS, and how it is kept: for TLS reports (RFC 8460), and
/// for those who ask what a domain can do.
namespace outpost::tls_results {

using delivery::Learned;

/// Results are summed by the UTC day on which the attempt ended.
struct ResultKey {
    std::chrono::sys_days day;
    std::string recipient_domain;
    tlsrpt::Policy policy;
    bool of_host = false;
    auto operator<=>(const ResultKey&) const = default;
};
struct ResultSum {
    std::int64_t successes = 0, failures = 0;
    std::vector<tlsrpt::FailureDetail> details;
    bool send_report = false;
};

struct AbilityKey {
    std::string account, domain;
    auto operator<=>(const AbilityKey&) const = default;
};
/// What was last seen of each ability.
struct Abilities {
    delivery::DomainAbilities abilities;
    WallTime at{};
};

/// What is written together.
struct Batch {
    std::vector<std::pair<ResultKey, ResultSum>> results;
    std::vector<std::pair<AbilityKey, Abilities>> abilities;
    bool empty() const noexcept { return results.empty() && abilities.empty(); }
    std::size_t size() const noexcept { return results.size() + abilities.size(); }
};

/// What many attempts learned, added up, within bounds. All text is made fit for the database here.
/// Pure.
class Tally {
  public:
    struct Bounds {
        std::size_t result_octets = 32 << 20, ability_octets = 16 << 20;
    };
    explicit Tally(Bounds bounds)
        : results_(bounds.result_octets), abilities_(bounds.ability_octets) {}

    void add_results(const Learned& learned);
    void add_abilities(const Learned& learned);

    /// Takes out the oldest results and abilities, `most` of each at most.
    Batch take(std::size_t most);
    bool empty() const noexcept { return results_.size() == 0 && abilities_.size() == 0; }
    /// How many sums were let go for want of room, until now.
    std::uint64_t lost() const noexcept { return results_.lost() + abilities_.lost(); }

  private:
    OldestFirst<ResultKey, ResultSum> results_;
    OldestFirst<AbilityKey, Abilities> abilities_;
};

/// What is known of `known` unless `newer` says otherwise.
delivery::DomainAbilities updated(
    delivery::DomainAbilities known, const delivery::DomainAbilities& newer
);

}  // namespace outpost::tls_results
