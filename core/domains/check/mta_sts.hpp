// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "core/domains/check/finding.hpp"
#include "core/domains/records/facts.hpp"
#include "core/net/http_client/client.hpp"

namespace outpost::domain_check {

/// The TXT record that announces the policy (RFC 8461 section 3.1). `expected`: whose id follows
/// from the configured policy.
Finding judge_sts_record(
    const std::string& domain, const Lookup& answer, const std::string& expected
);

/// The policy as senders get it: it is served, is the configured one, and names the hosts of the
/// MX records and no others.
Findings judge_sts_policy(
    const std::string& domain, const domain_records::MtaStsPolicy& configured,
    const Result<http_client::Response, http_client::Failure>& served, const Lookup& mx
);

}  // namespace outpost::domain_check
