// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "core/foundation/base/result.hpp"

namespace outpost::mta_sts {

/// Why the TXT records of `_mta-sts.DOMAIN` announce no policy (RFC 8461 section 3.1).
enum class RecordFault {
    none,     ///< there is no record of this kind
    several,  ///< more than one
    broken    ///< the only one does not follow the grammar
};

/// The id of the policy that the TXT records at `_mta-sts.DOMAIN` announce; each text is the joined
/// strings of one record. Records of other kinds are ignored.
Result<std::string, RecordFault> parse_records(const std::vector<std::string>& texts);

/// Whether `text` names a field: up to 32 letters, digits and "_-.", the first of them a letter or
/// digit. The same in records and policies.
bool is_field_name(std::string_view text) noexcept;

}  // namespace outpost::mta_sts
