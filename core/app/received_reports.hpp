// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>
#include <set>

#include "core/app/settings.hpp"
#include "core/intake/tls_report_rules.hpp"

/// Which TLS reports of others we take (RFC 8460).
namespace outpost::app {

/// Our domains, and the names of this node's hosts.
std::shared_ptr<const intake::ReportScope> report_scope(const Settings& settings);

/// Where reports are sent to: the addresses of domains, and of the host.
std::set<mail::Address> report_addresses(const Settings& settings);

}  // namespace outpost::app
