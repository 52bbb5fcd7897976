// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <optional>

#include "core/net/dns/resolver.hpp"

namespace outpost::dns {

/// The one of two that says less: bogus, then indeterminate, insecure, secure.
Security weaker(Security a, Security b) noexcept;

/// Passes questions on, and remembers what a verdict must say of the answers: how secure the
/// weakest was. For one verdict, on one thread.
class WatchedResolver final : public Resolver {
  public:
    /// `resolver` must outlive this one.
    explicit WatchedResolver(Resolver& resolver) : resolver_(resolver) {}

    awaitable<Result<Answer, Failure>> query(Question question, Deadline deadline) override;

    /// Indeterminate when nothing was asked.
    Security weakest() const noexcept { return weakest_.value_or(Security::indeterminate); }
    /// Answers without a record: "void lookups" (RFC 7208 section 4.6.4).
    std::size_t voids() const noexcept { return voids_; }

  private:
    void note(const Result<Answer, Failure>& answer);

    Resolver& resolver_;
    std::optional<Security> weakest_;
    std::size_t voids_ = 0;
};

}  // namespace outpost::dns
