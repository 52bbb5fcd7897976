// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

/// The little of MIME (RFC 2045, RFC 2046) that reading a report takes. What strangers send is read
/// as well as it can be; nothing here throws or takes more than linear time, whatever the octets.
namespace outpost::mail {

/// What a Content-Type field says (RFC 2045 section 5.1). Comments and RFC 2231 are not read.
struct ContentType {
    std::string type = "text/plain";                ///< in lower case
    std::map<std::string, std::string> parameters;  ///< names in lower case, values unquoted

    bool is_multipart() const noexcept { return type.starts_with("multipart/"); }
    /// Empty when there is none.
    std::string parameter(const std::string& name) const;
};
ContentType parse_content_type(std::string_view value);

/// A message or one part of it: views into the octets that it was found in.
struct Entity {
    std::string_view header;  ///< header section with the empty line that ends it, if one does
    std::string_view body;

    ContentType content_type() const;
    /// The body without its Content-Transfer-Encoding, which is read until `most` octets are there.
    std::string decoded_body(std::size_t most) const;
};

/// The first `most` parts of a multipart body. Lines may end with LF alone; the last part may end
/// with the body, without a closing delimiter.
std::vector<Entity> split_multipart(
    std::string_view body, std::string_view boundary, std::size_t most
);

}  // namespace outpost::mail
