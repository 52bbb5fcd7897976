// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>
#include <string>

#include "core/foundation/async/awaitable.hpp"
#include "core/foundation/base/clock.hpp"
#include "core/mail/message/address.hpp"

namespace outpost::queue {

/// Why an address gets no mail for now.
struct Suppression {
    std::string reason;         ///< what a remote said (a stranger's text), or an operator's words
    std::string suppressed_by;  ///< the operator's database role; empty: a failure did it
    WallTime since{};
    std::optional<WallTime> until;  ///< none: until somebody takes it out

    /// One sentence for the sender.
    std::string words() const;
};

/// Which addresses get no more mail for a time (outpost.suppressions), as deliveries ask it. An
/// address suppresses the others of its mailbox too: see dsn::suppression_key. Thread-safe.
class Suppressions {
  public:
    virtual ~Suppressions() = default;
    /// Whether it is worth to ask `find`. Answered from memory: it may be wrongly true, and is
    /// wrongly false for no more than seconds after somebody has suppressed the address.
    virtual bool may_hold(const mail::Address& recipient) const = 0;
    /// The suppression in force. Throws as QueueStore does.
    virtual awaitable<std::optional<Suppression>> find(mail::Address recipient) = 0;
};

}  // namespace outpost::queue
