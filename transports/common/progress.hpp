// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>
#include <optional>
#include <vector>

#include "core/delivery/interface/transport.hpp"
#include "transports/common/smtp_attempt.hpp"

namespace outpost::transports {

/// The recipients of a job on their way from host to host: who has a final verdict, and who goes on
/// to the next host with what was last said of them.
class Progress {
  public:
    explicit Progress(const delivery::DeliveryJob& job)
        : job_(job),
          verdicts_(job.recipients.size()),
          final_(job.recipients.size(), false),
          only_limits_(job.recipients.size(), true) {}

    bool all_final() const noexcept;
    /// The job with only those recipients that still need a host.
    /// Null: all of them do, and it is the job itself.
    std::unique_ptr<const delivery::DeliveryJob> fewer() const;
    /// Takes in what one host said of those.
    void note(const HostOutcome& outcome);
    /// A host that could not be tried at all.
    void note_all(const delivery::Verdict& verdict);
    /// The outcome when there are no more hosts. There must have been one.
    delivery::DeliveryOutcome outcome() const;

  private:
    const delivery::DeliveryJob& job_;
    void settle(std::size_t index, const delivery::Verdict& verdict, bool says_more);

    std::vector<std::optional<delivery::Verdict>> verdicts_;
    std::vector<bool> final_;
    std::vector<bool> only_limits_;  ///< no host said anything but that it cannot take the message
    bool connected_ = false;
};

/// Whether a verdict speaks of what one host cannot take (its size limit, an extension it lacks,
/// TLS that nobody vouches for): another host may. Permanent only where all hosts say so (RFC 8689
/// section 4.2.1 for REQUIRETLS).
bool is_host_limit(const delivery::Verdict& verdict) noexcept;

/// Whether a verdict ends the search for a host: delivered; refused for good by words that speak of
/// the recipient or the message; or unknown, because the final dot was sent.
bool is_final(const delivery::Verdict& verdict) noexcept;

}  // namespace outpost::transports
