// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "core/delivery/modules/policy_kind.hpp"
#include "core/foundation/metrics/registry.hpp"
#include "core/server/settings/settings.hpp"

namespace outpost::server {

/// The security policies of direct delivery with what they share, and their work in the background.
class Policies {
  public:
    /// Where the policy with this key keeps what it stores; null: nowhere.
    using FindStore = std::function<delivery::PolicyStore*(const std::string& policy)>;

    /// Tasks run on `executor`. Stores and tasks must outlive it. Throws std::runtime_error when a
    /// certificate file cannot be used.
    Policies(
        const Settings& settings, const FindStore& find_store,
        const std::shared_ptr<dns::Resolver>& resolver, TaskGroup& tasks, const Executor& executor
    );

    /// Those of a configuration, for its transports; they must not outlive this.
    delivery::SecurityPolicies of(const Settings& settings);
    /// Certificates and networks of a reload. Throws as the constructor does.
    void reconfigure(const Settings& settings);
    /// What a policy stores has changed; empty: all of it may have. Thread-safe.
    void notified(const std::string& policy, const std::string& what);
    /// Shows what they count, from the start.
    void count_in(metrics::Registry& registry);

    void start();
    /// Ends the work in the background: after the last delivery.
    void stop();

  private:
    struct Member {
        std::shared_ptr<const delivery::PolicyKind> kind;
        std::unique_ptr<delivery::PolicyService> service;
    };
    std::vector<Member> members_;
};

}  // namespace outpost::server
