// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>
#include <vector>

#include "core/delivery/transport.hpp"
#include "transports/common/smtp_attempt.hpp"

namespace outpost::transports {

/// The recipients of a job on their way from host to host: who has a final verdict, and who goes on to
/// the next host with what was last said of them.
class Progress {
  public:
    explicit Progress(const delivery::DeliveryJob& job) : job_(job), verdicts_(job.recipients.size()), final_(job.recipients.size(), false) {}

    bool all_final() const noexcept;
    /// The job with only those recipients that still need a host.
    delivery::DeliveryJob remaining() const;
    /// Takes in what one host said of `remaining()`.
    void note(const HostOutcome& outcome);
    /// A host that could not be tried at all.
    void note_all(const delivery::Verdict& verdict);
    /// The outcome when there are no more hosts. There must have been one.
    delivery::DeliveryOutcome outcome() const;

  private:
    const delivery::DeliveryJob& job_;
    std::vector<std::optional<delivery::Verdict>> verdicts_;
    std::vector<bool> final_;
    bool connected_ = false;
};

/// Whether a verdict ends the search for a host: delivered; refused for good by words that speak of the
/// recipient or the message; or unknown, because the final dot was sent. What this one host could not
/// take (its size limit, a missing extension) another may.
bool is_final(const delivery::Verdict& verdict) noexcept;

}  // namespace outpost::transports
