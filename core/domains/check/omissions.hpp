// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "core/domains/check/finding.hpp"
#include "core/domains/records/facts.hpp"

namespace outpost::domain_check {

/// What the configuration leaves out, so that nothing is looked up for it, though it would do good.
Findings judge_omissions(const domain_records::Host& host);
Findings judge_omissions(const domain_records::Sender& sender);

}  // namespace outpost::domain_check
