// SPDX-License-Identifier: Apache-2.0
// The one place of core that names policies and transports: another one is added here.
#include "core/server/settings/builtin.hpp"

#include "core/server/settings/plugin_transport.hpp"
#include "policies/dane/kind.hpp"
#include "policies/mta_sts/kind.hpp"
#include "transports/direct/kind.hpp"
#include "transports/discard/discard.hpp"
#include "transports/fail/fail.hpp"
#include "transports/relay/kind.hpp"

namespace outpost::server {
namespace {

delivery::TransportKinds all_transports() {
    delivery::TransportKinds all{transports::direct_kind()};
    for (auto& kind : transports::relay_kinds())
        all.push_back(std::move(kind));
    all.push_back(transports::socks_kind());
    all.push_back(transports::fail_kind());
    all.push_back(transports::discard_kind());
    all.push_back(plugin_kind());
    return all;
}

}  // namespace

const delivery::PolicyKinds& policy_kinds() {
    static const delivery::PolicyKinds all{dane::policy_kind(), mta_sts::policy_kind()};
    return all;
}

const delivery::TransportKinds& transport_kinds() {
    static const delivery::TransportKinds all = all_transports();
    return all;
}

}  // namespace outpost::server
