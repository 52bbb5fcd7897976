// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "core/domains/check/finding.hpp"
#include "core/net/dns/settings.hpp"

namespace outpost::domain_check {

/// Whether signed answers can be told from others: without that there is no DANE, and the other
/// findings' DNSSEC status means nothing. `root`: the SOA record of the root, which is signed.
Finding judge_resolver(const Lookup& root, dns::SecurityMode mode);

}  // namespace outpost::domain_check
