// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "core/delivery/modules/transport_kind.hpp"
#include "transports/relay/settings.hpp"

namespace outpost::transports {

/// A relay as the configuration has it.
class RelayConfig final : public delivery::TransportConfigOf<RelaySettings> {
  public:
    using TransportConfigOf::TransportConfigOf;
    delivery::TransportPtr make(
        const std::string& name, const delivery::TransportServices& services
    ) const override;
    std::size_t concurrency() const override { return settings().smtp.max_connections; }
    delivery::Rate rate() const override { return settings().smtp.rate; }
    std::vector<delivery::SubmissionServer> servers() const override;
    std::shared_ptr<const delivery::TransportConfig> at_port(std::uint16_t port) const override;
};

/// As the server's list of transports has them: `smtp`, `submission` and `submissions`.
delivery::TransportKinds relay_kinds();

}  // namespace outpost::transports
