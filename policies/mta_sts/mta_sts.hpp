// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>

#include "core/delivery/interface/security_policy.hpp"
#include "policies/mta_sts/directory.hpp"

namespace outpost::mta_sts {

/// MTA-STS as a source of TLS requirements (RFC 8461). `mode` holds where the route says nothing.
/// The policy is that of the recipient's domain, whatever CNAMEs it has. The directory must outlive
/// it.
std::shared_ptr<delivery::SecurityPolicy> make_policy(
    Directory& directory, delivery::PolicyMode mode
);

}  // namespace outpost::mta_sts
