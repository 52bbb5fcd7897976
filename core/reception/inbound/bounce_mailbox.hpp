// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <chrono>
#include <optional>
#include <utility>

#include "core/delivery/queue/bounces.hpp"
#include "core/mail/dsn/return_path.hpp"
#include "core/reception/inbound/mailbox.hpp"

namespace outpost::inbound {

/// Takes what comes back to the return paths of mail that we sent.
///
/// A report counts (RFC 3464) when it has the null reverse-path, as RFC 5321 section 4.5.5 demands
/// of it: mail with a sender is a person's or a program's, and is refused, so that he hears of it.
/// What is no report, like an answering machine's "I am away" (RFC 3834), is noted as
/// "unrecognised" and does nothing. Nothing proves who wrote a report. But it can do no more than
/// its return path says: note something of one recipient of one message, suppress his address, and
/// have the sender told once. Only who got that message, or passed it on, knows that path.
class BounceMailbox final : public Mailbox {
  public:
    struct Settings {
        dsn::ReturnPaths return_paths;
        /// How long addresses that do not exist get no more mail; none: they do.
        std::optional<std::chrono::seconds> suppress_for;
    };
    /// `store` must outlive it.
    BounceMailbox(Settings settings, queue::BounceStore& store)
        : settings_(std::move(settings)), store_(store) {}

    bool takes(const mail::Address& recipient) const override;
    awaitable<smtp::Reply> take(Received message) override;

  private:
    const Settings settings_;
    queue::BounceStore& store_;
};

}  // namespace outpost::inbound
