// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/delivery/interface/security_policy.hpp"
#include "core/foundation/async/task_group.hpp"
#include "core/foundation/base/clock.hpp"
#include "core/foundation/config/collections.hpp"
#include "core/net/sockets/endpoint.hpp"
#include "core/net/tls/context.hpp"

namespace outpost::db {
class Pool;
}

/// What a security policy brings along besides its decisions, so that the server need not know
/// which policies there are: its keys in the configuration, what it stores, its work in the
/// background.
namespace outpost::delivery {

/// What one policy is set to. Each policy adds its own.
class PolicySettings {
  public:
    virtual ~PolicySettings() = default;
    PolicyMode mode = PolicyMode::enforce;  ///< where no route says otherwise
    /// Networks besides the public internet in which it fetches.
    std::vector<net::Cidr> allow_networks;
};
using PolicySettingsPtr = std::shared_ptr<const PolicySettings>;
/// Those of all policies, by their keys.
using PolicySettingsMap = std::map<std::string, PolicySettingsPtr, std::less<>>;

/// What all nodes know together, in the database or, for tests, in memory. Only its own policy
/// knows what is in it.
class PolicyStore {
  public:
    virtual ~PolicyStore() = default;
};

/// What a policy may use in a node; all of it outlives the policy.
struct PolicyServices {
    PolicyStore* store = nullptr;  ///< as PolicyKind::open_store made it
    std::shared_ptr<dns::Resolver> resolver;
    TaskGroup& tasks;
    Executor executor;
};

/// One policy at work in a node.
class PolicyService {
  public:
    virtual ~PolicyService() = default;
    /// The policy by a configuration, for its transports; must not outlive this.
    virtual std::shared_ptr<SecurityPolicy> policy(const PolicySettings& settings) = 0;
    /// What a reload changes. Throws std::runtime_error when a certificate file cannot be used, and
    /// has done nothing then.
    virtual void reconfigure(const PolicySettings& settings, const tls::ClientSettings& tls) {
        (void)settings, (void)tls;
    }
    /// Its channel has told this. Empty: anything may have been missed. Thread-safe.
    virtual void notified(const std::string& payload) { (void)payload; }
    /// Begins and ends the work in the background.
    virtual void start() {}
    virtual void stop() {}
};

/// One kind of policy, as the list of all (core/server/settings/builtin.cpp) has it.
class PolicyKind {
  public:
    virtual ~PolicyKind() = default;
    /// The name of its section in the configuration, and of its key in a route: "mta_sts".
    virtual std::string key() const = 0;

    /// Its section, described; made of the policy's own settings by `policy_settings`.
    virtual config::Type<PolicySettingsPtr> settings_type() const = 0;
    virtual PolicySettingsPtr default_settings() const = 0;
    virtual std::string settings_doc() const = 0;
    /// How it can act on a route's mail.
    virtual config::Type<PolicyMode> mode_type() const = 0;
    virtual std::string route_doc() const = 0;

    /// Null: it stores nothing. `now`: the database's clock.
    virtual std::unique_ptr<PolicyStore> open_store(db::Pool& pool, std::function<WallTime()> now)
        const {
        (void)pool, (void)now;
        return nullptr;
    }
    /// The channel on which the database tells of changes to what is stored; empty: none.
    virtual std::string channel() const { return {}; }

    virtual std::unique_ptr<PolicyService> open(
        const PolicySettings& settings, const tls::ClientSettings& tls, PolicyServices services
    ) const = 0;
};
using PolicyKinds = std::vector<std::shared_ptr<const PolicyKind>>;

/// A policy's own settings as the server keeps them.
template <class S>
config::Type<PolicySettingsPtr> policy_settings(config::Type<S> type) {
    return config::stored_as<PolicySettingsPtr, S>(
        std::move(type),
        [](PolicySettingsPtr& kept, const S& own) { kept = std::make_shared<const S>(own); },
        [](const PolicySettingsPtr& kept) { return kept ? dynamic_cast<const S&>(*kept) : S(); }
    );
}

}  // namespace outpost::delivery
