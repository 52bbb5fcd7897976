// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <deque>
#include <memory>
#include <string>

#include "core/delivery/dispatch/periodic.hpp"
#include "core/delivery/interface/security_policy.hpp"
#include "core/server/settings/settings.hpp"
#include "policies/mta_sts/directory.hpp"

namespace outpost::server {

/// The security policies of direct delivery with what they share, and their work in the background.
class Policies {
  public:
    /// Tasks run on `executor`. All arguments but the settings must outlive it. Throws
    /// std::runtime_error when a certificate file cannot be used.
    Policies(
        const Settings& settings, mta_sts::Store& store, std::shared_ptr<dns::Resolver> resolver,
        TaskGroup& tasks, const Executor& executor
    );

    /// Those of a configuration, for its transports; they must not outlive this.
    delivery::SecurityPolicies of(const Settings& settings);
    /// Certificates and networks of a reload. Throws as the constructor does, and has done nothing
    /// then.
    void reconfigure(const Settings& settings);
    /// A stored MTA-STS policy has changed; empty: any may have. Thread-safe.
    void policy_changed(const std::string& domain);

    void start();
    /// Ends the work in the background: after the last delivery.
    void stop();

  private:
    std::shared_ptr<mta_sts::Fetcher> make_fetcher(const Settings& settings) const;

    const std::shared_ptr<dns::Resolver> resolver_;
    TaskGroup& tasks_;
    mta_sts::Directory directory_;
    dispatch::Periodic sync_, upkeep_;
    std::deque<dispatch::Periodic> refreshers_;
};

}  // namespace outpost::server
