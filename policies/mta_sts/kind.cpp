// SPDX-License-Identifier: Apache-2.0
#include "policies/mta_sts/kind.hpp"

#include "core/delivery/modules/values.hpp"
#include "policies/mta_sts/service.hpp"
#include "policies/mta_sts/store_pg.hpp"

namespace outpost::mta_sts {
namespace {

using delivery::PolicySettings;

class Kind final : public delivery::PolicyKind {
  public:
    std::string key() const override { return "mta_sts"; }

    config::Type<delivery::PolicySettingsPtr> settings_type() const override {
        return delivery::policy_settings(
            config::Spec<PolicySettings>(
                "mta_sts",
                "MTA-STS in direct delivery (RFC 8461): domains that publish a policy over HTTPS "
                "are delivered to only as it says. All nodes share the policies."
            )
                .key(
                    "mode", &PolicySettings::mode, mode_type(),
                    "How it acts, unless a route says more."
                )
                .key(
                    "allow_networks", &PolicySettings::allow_networks,
                    config::list_of(delivery::values::network()),
                    "Policies are fetched from addresses of the public internet only, and of these "
                    "networks. Anybody can name an address of yours as a policy host."
                )
                .type()
        );
    }
    delivery::PolicySettingsPtr default_settings() const override {
        return std::make_shared<const PolicySettings>();
    }
    std::string settings_doc() const override { return "MTA-STS in direct delivery."; }
    config::Type<delivery::PolicyMode> mode_type() const override {
        return delivery::values::policy_mode();
    }
    std::string route_doc() const override {
        return "How MTA-STS acts in direct delivery of this route's mail. Without it: as "
               "`mta_sts.mode` says.";
    }

    std::unique_ptr<delivery::PolicyStore> open_store(db::Pool& pool, std::function<WallTime()> now)
        const override {
        return std::make_unique<PgStore>(pool, std::move(now));
    }
    std::string channel() const override { return "outpost_mta_sts"; }

    std::unique_ptr<delivery::PolicyService> open(
        const PolicySettings& settings, const tls::ClientSettings& tls,
        delivery::PolicyServices services
    ) const override {
        return std::make_unique<Service>(settings, tls, std::move(services));
    }
};

}  // namespace

std::shared_ptr<const delivery::PolicyKind> policy_kind() {
    return std::make_shared<const Kind>();
}

}  // namespace outpost::mta_sts
