// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "core/dns_check/finding.hpp"
#include "core/publication/facts.hpp"

namespace outpost::dns_check {

/// The DMARC record of a domain (RFC 7489 section 6.3): the configured policy, and our address
/// among those that get reports.
Findings judge_dmarc(
    const publication::Sender& sender, const Lookup& answer, const std::string& expected
);

/// The consent of the domain that the reports go to (section 7.1). `name`: of its record.
Finding judge_consent(const std::string& name, const Lookup& answer);

}  // namespace outpost::dns_check
