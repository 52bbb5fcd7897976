// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>
#include <string_view>

#include "core/foundation/base/result.hpp"

namespace outpost::authentication {

/// What a domain asks receivers to do with mail that fails (RFC 7489 section 6.3).
enum class DmarcPolicy { none, quarantine, reject };
std::string_view text(DmarcPolicy policy) noexcept;

/// How closely an authenticated domain must match the author's (section 3.1).
enum class Alignment { relaxed, strict };

/// A record as far as verdicts need it. pct= is not part of it: it would make them random.
struct DmarcRecord {
    DmarcPolicy policy = DmarcPolicy::none;
    std::optional<DmarcPolicy> subdomain_policy;  ///< sp=
    Alignment dkim = Alignment::relaxed, spf = Alignment::relaxed;
};

/// Whether a TXT record is meant for DMARC: its first tag is "v=DMARC1".
bool is_dmarc_record(std::string_view text) noexcept;

/// Malformed and unknown tags are passed over. Without a usable policy the record counts as p=none
/// if it asks for reports, and otherwise not at all (section 6.6.3): the error is a sentence.
Result<DmarcRecord> parse_dmarc_record(std::string_view text);

}  // namespace outpost::authentication
