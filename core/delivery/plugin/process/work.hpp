// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <atomic>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "core/delivery/plugin/process/mailbox.hpp"
#include "core/delivery/plugin/process/messages.hpp"

namespace outpost::plugin_host {

/// The process that had the job is gone.
struct Crashed {
    std::string how;  ///< "signal 11 (Segmentation fault)"
    /// Who had been let through the gate: their outcome is unknown.
    std::vector<std::int32_t> released;
};
/// The plugin cannot be used for now; it has not seen the job.
struct Refused {
    std::string why;
};
using Letter = std::variant<Reached, Ask, Outcome, Fault, Crashed, Refused>;

/// A job on its way through the process of a plugin. Shared by the attempt, which reads its
/// letters, and the plugin's thread.
struct Work {
    std::uint64_t number = 0;
    std::uint32_t transport = 0;
    delivery::DeliveryJob job;
    std::string ehlo_name;
    Deadline deadline;
    bool suspect = false;  ///< a process died under it before
    Mailbox<Letter>::Slot letters;

    /// Who comes first decides: the plugin's thread, which starts it, or the attempt, which goes.
    bool try_start() { return !taken_.exchange(true); }
    bool try_withdraw() { return !taken_.exchange(true); }

    std::vector<std::int32_t> released;  ///< of the plugin's thread
    std::uint64_t octets() const { return job.message->body.held()->size(); }

  private:
    std::atomic<bool> taken_{false};
};
using WorkPtr = std::shared_ptr<Work>;

}  // namespace outpost::plugin_host
