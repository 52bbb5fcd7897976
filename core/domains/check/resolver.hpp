// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "core/domains/check/finding.hpp"
#include "core/net/dns/settings.hpp"

namespace outpost::domain_check {

/// Whether answers that are signed are told from others: without that there is no DANE, and what
/// the other findings say of DNSSEC says nothing. `root`: the SOA record of the root, which is
/// signed.
Finding judge_resolver(const Lookup& root, dns::SecurityMode mode);

}  // namespace outpost::domain_check
