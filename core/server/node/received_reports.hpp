// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>
#include <set>

#include "core/server/settings/settings.hpp"
#include "core/tls_reports/receiving/tls_report_rules.hpp"

/// Which TLS reports of others we take (RFC 8460).
namespace outpost::server {

/// Our domains, and the names of this node's hosts.
std::shared_ptr<const tls_report_receiving::ReportScope> report_scope(const Settings& settings);

/// Where reports are sent to: the addresses of domains, and of the host.
std::set<mail::Address> report_addresses(const Settings& settings);

}  // namespace outpost::server
