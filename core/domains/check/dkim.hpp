// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "core/domains/check/finding.hpp"
#include "core/domains/records/facts.hpp"

namespace outpost::domain_check {

/// The record of one key: the public half of what we sign with, usable for mail (RFC 6376 section
/// 3.6.1). A key that does not sign need not be there yet.
Findings judge_dkim(
    const std::string& selector, const std::string& domain, const domain_records::DkimKey& key,
    const Lookup& answer
);

}  // namespace outpost::domain_check
