// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "core/delivery/interface/transport.hpp"
#include "plugins/lmtp/settings.hpp"

namespace outpost::lmtp {

/// Hands mail to a mail store by LMTP (RFC 2033): each recipient gets its own answer after the
/// final dot. A connection serves one job: stores are near, and connecting to them is cheap.
class Transport : public delivery::Transport {
  public:
    explicit Transport(Settings settings) : settings_(std::move(settings)) {}

    awaitable<delivery::DeliveryOutcome> deliver(
        const delivery::DeliveryJob& job, delivery::AttemptContext& context
    ) override;
    bool per_domain() const noexcept override { return false; }
    /// RFC 8689 section 4.4: a store may be its end, where the operator says that this one may.
    bool can_require_tls() const noexcept override { return settings_.require_tls; }

  private:
    std::shared_ptr<delivery::RemoteFacts> where() const;

    const Settings settings_;
};

}  // namespace outpost::lmtp
