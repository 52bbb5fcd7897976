// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <filesystem>
#include <string_view>
#include <vector>

#include "core/net/dnssec/verify.hpp"

namespace outpost::dnssec {

/// Where validation begins (RFC 4035 section 4.4): what is known of a zone's keys beforehand.
struct TrustAnchor {
    Name zone;
    std::vector<DelegationSigner> signers;
    std::vector<Key> keys;

    /// Whether the zone's DNSKEY set is signed by a key that is meant.
    Result<ZoneKeys, Fault> verify(const RecordSet& set, Seconds now, Budget& budget) const;
};

/// Reads DS and DNSKEY records in the format of zone files (RFC 1035 section 5.1); other records
/// are an error, as is a text without any. The error is a sentence.
Result<std::vector<TrustAnchor>> parse_trust_anchors(std::string_view text);

/// Those of a file.
Result<std::vector<TrustAnchor>> read_trust_anchors(const std::filesystem::path& file);

/// The root's, as of deploy/root-anchors.ds when the program was built.
std::string_view root_anchors();

}  // namespace outpost::dnssec
