// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <deque>
#include <memory>
#include <string>

#include "core/delivery/dispatch/periodic.hpp"
#include "core/delivery/modules/policy_kind.hpp"
#include "policies/mta_sts/directory.hpp"

namespace outpost::mta_sts {

/// MTA-STS at work in a node: the directory, and what keeps it up to date.
class Service final : public delivery::PolicyService {
  public:
    /// Throws std::runtime_error when a certificate file cannot be used.
    Service(
        const delivery::PolicySettings& settings, const tls::ClientSettings& tls,
        delivery::PolicyServices services
    );

    std::shared_ptr<delivery::SecurityPolicy> policy(const delivery::PolicySettings& settings
    ) override;
    void reconfigure(const delivery::PolicySettings& settings, const tls::ClientSettings& tls)
        override;
    /// The stored policy of this domain has changed.
    void notified(const std::string& domain) override;
    void start() override;
    void stop() override;

  private:
    std::shared_ptr<Fetcher> fetcher(
        const delivery::PolicySettings& settings, const tls::ClientSettings& tls
    ) const;

    const delivery::PolicyServices services_;
    Directory directory_;
    dispatch::Periodic sync_, upkeep_;
    std::deque<dispatch::Periodic> refreshers_;
};

}  // namespace outpost::mta_sts
