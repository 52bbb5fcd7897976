// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>
#include <string>

#include "core/foundation/metrics/registry.hpp"
#include "core/mail/smtp/server_policy.hpp"
#include "core/reception/submission/rate_limiter.hpp"
#include "core/reception/submission/sessions.hpp"
#include "core/reception/submission/settings.hpp"

namespace outpost::submission {

/// Messages that were sent to a listener, by what it answered at their end.
struct MessageCounters {
    MessageCounters(
        metrics::Registry& registry, const std::string& listener, const std::string& source
    );
    void count(const smtp::Reply& answer) noexcept;

    metrics::Counter &accepted, &deferred, &refused;
};

/// What all listeners have, whatever they take: settings, a name, and bounds to what one client may
/// do. Thread-safe.
class Entrance {
  public:
    struct Parts {
        ListenerSettings settings;
        std::string name;      ///< of the listener, for counting
        std::string hostname;  ///< of the Received fields
        std::shared_ptr<const ConnectionCounter> connections;
        /// By listener and client address; outlives a change of configuration.
        std::shared_ptr<RateLimiter> messages_per_minute;
        MessageCounters messages;
    };
    using Refusal = smtp::ServerPolicy::Refusal;
    explicit Entrance(Parts parts) : parts_(std::move(parts)) {}

    const ListenerSettings& settings() const noexcept { return parts_.settings; }
    const std::string& hostname() const noexcept { return parts_.hostname; }

    /// Before the greeting: too many connections.
    Refusal check_client(const smtp::ServerClient& client) const;
    /// At MAIL: too many messages. Counts one more otherwise.
    Refusal check_message(const smtp::ServerClient& client) const;
    /// What a message was answered at its end.
    void count(const smtp::Reply& answer) noexcept { parts_.messages.count(answer); }

  private:
    Parts parts_;
};

}  // namespace outpost::submission
