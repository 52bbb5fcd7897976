// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

#include "core/domains/records/facts.hpp"

namespace outpost::domain_records {

/// The record of a domain in envelope senders: every address that its mail may leave from, and what
/// it says besides. Where the addresses of the host are not known, those that its name has.
std::string spf_of_domain(const Spf& spf, const Host& host);

/// The record of a name in EHLO, which bounces are checked by (RFC 7208 section 2.4).
std::string spf_of_ehlo(const EhloName& ehlo, const Host& host);

}  // namespace outpost::domain_records
