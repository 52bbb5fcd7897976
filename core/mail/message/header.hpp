// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace outpost::mail {

/// One header field of a header section: where it lies and what it says.
struct HeaderField {
    std::string_view name;
    /// Everything after the colon, folded as it came, without the final CRLF.
    std::string_view raw_value;
    /// The whole field with its final CRLF.
    std::string_view whole;
    /// The value unfolded (RFC 5322 section 2.2.3) and trimmed.
    std::string value() const;
};

/// Splits a header section (as in Content::header) into its fields. Lines that are no field are
/// skipped; never throws, whatever the bytes.
std::vector<HeaderField> parse_header(std::string_view section);
/// The first field of that name, without regard to case.
std::optional<HeaderField> find_field(std::string_view section, std::string_view name);
std::size_t count_fields(std::string_view section, std::string_view name);
/// The section without the fields of these names.
std::string without_fields(std::string_view section, const std::vector<std::string_view>& names);
/// Addresses of an address-list header value (To, Cc, Bcc): display names, comments and groups are
/// read over (RFC 5322 section 3.4). What cannot be read is returned in `bad`.
struct AddressList {
    std::vector<std::string> addresses;
    std::vector<std::string> bad;
};
AddressList parse_address_list(std::string_view value);

}  // namespace outpost::mail
