// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "core/net/dns/resolver.hpp"

/// What we publish in the DNS, so that others take our mail and find our servers. Pure.
namespace outpost::domain_records {

/// A record that should be published.
struct Record {
    std::string name;  ///< A-labels, without trailing dot
    dns::Type type{};
    /// As zone files have it, names with a trailing dot; of a TXT the whole text, unquoted.
    std::string value;
    std::string reason;  ///< a sentence for people
    bool operator==(const Record&) const = default;
};
using Records = std::vector<Record>;

/// A zone file (RFC 1035 section 5), each record below a comment with its reason.
std::string zone_text(const Records& records);
/// For the forms of DNS hosters: name, type, reason and the value as it is to be typed.
std::string table_text(const Records& records);

}  // namespace outpost::domain_records
