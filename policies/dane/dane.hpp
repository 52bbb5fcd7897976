// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>

#include "core/delivery/interface/security_policy.hpp"
#include "policies/dane/demand.hpp"

/// DANE for SMTP (RFC 7672) as a source of TLS requirements: what TLSA records a host has, and what
/// follows from them.
namespace outpost::dane {

/// `mode`: where no route says otherwise.
std::shared_ptr<delivery::SecurityPolicy> make_policy(delivery::PolicyMode mode);

/// For TLS reports: what was found of the host, with the trouble that there was. Pure.
tlsrpt::Finding report(const Finding& finding, const std::string& host);

}  // namespace outpost::dane
