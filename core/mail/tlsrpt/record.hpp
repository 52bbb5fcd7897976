// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

#include "core/foundation/base/result.hpp"
#include "core/mail/message/address.hpp"

namespace outpost::tlsrpt {

/// Where a domain wants its reports (RFC 8460 section 3), in the order of the record, each place
/// once.
struct Record {
    std::vector<mail::Address> mail;   ///< of mailto: URIs, percent-decoded
    std::vector<std::string> https;    ///< https: URIs as they stand
    std::vector<std::string> ignored;  ///< other schemes, and URIs that nothing can be sent to
    bool operator==(const Record&) const = default;
};

/// Why the TXT records of `_smtp._tls.DOMAIN` ask for no reports.
enum class RecordFault {
    none,     ///< there is no record of this kind
    several,  ///< more than one
    broken    ///< the only one does not follow the grammar
};

/// What the TXT records at `_smtp._tls.DOMAIN` ask for; each text is the joined strings of one
/// record. Records of other kinds are passed over, and so are extensions.
outpost::Result<Record, RecordFault> parse_records(const std::vector<std::string>& texts);

/// The record to publish, as one text; parse_records gives it back. Without its ignored URIs.
std::string text(const Record& record);

}  // namespace outpost::tlsrpt
