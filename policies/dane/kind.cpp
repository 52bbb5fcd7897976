// SPDX-License-Identifier: Apache-2.0
#include "policies/dane/kind.hpp"

#include "core/delivery/modules/values.hpp"
#include "policies/dane/dane.hpp"

namespace outpost::dane {
namespace {

using delivery::PolicySettings;

config::Type<delivery::PolicyMode> mode() {
    return delivery::values::policy_mode_or_require(
        "as `enforce`, and a host without usable TLSA records gets no mail"
    );
}

class Service final : public delivery::PolicyService {
  public:
    std::shared_ptr<delivery::SecurityPolicy> policy(const PolicySettings& settings) override {
        return make_policy(settings.mode);
    }
};

class Kind final : public delivery::PolicyKind {
  public:
    std::string key() const override { return "dane"; }

    config::Type<delivery::PolicySettingsPtr> settings_type() const override {
        return delivery::policy_settings(
            config::Spec<PolicySettings>(
                "dane",
                "DANE in direct delivery (RFC 7672): mail servers that publish TLSA records in "
                "signed zones are held to them. It needs a resolver whose answers say that they "
                "are secure."
            )
                .key(
                    "mode", &PolicySettings::mode, mode(), "How it acts, unless a route says more."
                )
                .type()
        );
    }
    delivery::PolicySettingsPtr default_settings() const override {
        return std::make_shared<const PolicySettings>();
    }
    std::string settings_doc() const override { return "DANE in direct delivery."; }
    config::Type<delivery::PolicyMode> mode_type() const override { return mode(); }
    std::string route_doc() const override {
        return "How DANE acts in direct delivery of this route's mail. Without it: as `dane.mode` "
               "says.";
    }

    std::unique_ptr<delivery::PolicyService> open(
        const PolicySettings&, const tls::ClientSettings&, delivery::PolicyServices
    ) const override {
        return std::make_unique<Service>();
    }
};

}  // namespace

std::shared_ptr<const delivery::PolicyKind> policy_kind() {
    return std::make_shared<const Kind>();
}

}  // namespace outpost::dane
