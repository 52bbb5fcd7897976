// SPDX-License-Identifier: Apache-2.0
// The one place of core that names policies: another one is added here, and nowhere else.
#include "core/server/settings/builtin.hpp"

#include "policies/dane/kind.hpp"
#include "policies/mta_sts/kind.hpp"

namespace outpost::server {

const delivery::PolicyKinds& policy_kinds() {
    static const delivery::PolicyKinds all{dane::policy_kind(), mta_sts::policy_kind()};
    return all;
}

}  // namespace outpost::server
