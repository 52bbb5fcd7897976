// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "core/domains/records/facts.hpp"
#include "core/domains/records/record.hpp"

namespace outpost::domain_records {

/// All that should be published of a domain, in the order of a zone file for reading.
Records records_of(const Sender& sender, const Host& host);

/// All that should be published of this host, its names, its addresses and its bounce domain.
Records records_of(const Host& host);

/// Both. A name that is the domain's and the host's has one SPF record (RFC 7208 section 4.5), and
/// one for TLS reports: the domain's.
Records all_records(const Sender& sender, const Host& host);

/// Where the domain that takes the DMARC reports about another organization's says so (RFC 7489
/// section 7.1); empty when there is no need.
std::string consent_name(const Sender& sender);

}  // namespace outpost::domain_records
