// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "core/domains/check/finding.hpp"
#include "core/domains/records/facts.hpp"

namespace outpost::domain_check {

/// The DMARC record of a domain (RFC 7489 section 6.3): the configured policy, and our address
/// among those that get reports.
Findings judge_dmarc(
    const domain_records::Sender& sender, const Lookup& answer, const std::string& expected
);

/// The consent of the domain that the reports go to (section 7.1). `name`: of its record.
Finding judge_consent(const std::string& name, const Lookup& answer);

}  // namespace outpost::domain_check
