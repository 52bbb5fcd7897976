// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "core/dns_check/finding.hpp"
#include "core/publication/facts.hpp"

namespace outpost::dns_check {

/// What the configuration leaves out, so that nothing is looked up for it, though it would do good.
Findings judge_omissions(const publication::Host& host);
Findings judge_omissions(const publication::Sender& sender);

}  // namespace outpost::dns_check
