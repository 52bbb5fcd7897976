// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "core/foundation/base/result.hpp"

namespace outpost::dkim {

/// A tag-list (RFC 6376 section 3.2), the form of signatures and key records: "v=1; a=rsa-sha256".
class TagList {
  public:
    struct Tag {
        std::string_view name;
        std::string_view value;  ///< without the white space around it; folded inside as it came
        std::size_t raw_begin = 0, raw_end = 0;  ///< of the value with all white space, in the text
    };

    /// `text` must outlive the list. The error is a sentence. A list in which a name occurs twice
    /// is invalid.
    static Result<TagList> parse(std::string_view text);

    /// Null when there is no such tag. Names are case-sensitive.
    const Tag* find(std::string_view name) const noexcept;
    /// The value of a tag, or a default when it is missing.
    std::string_view value_or(std::string_view name, std::string_view missing) const noexcept;
    const std::vector<Tag>& tags() const noexcept { return tags_; }

  private:
    std::vector<Tag> tags_;
};

/// The text without folding white space, wherever it stands: base64, lists of names.
std::string without_space(std::string_view text);
/// The parts between colons, without the white space around each (FWS ":" FWS). Empty parts stay.
std::vector<std::string_view> split_at_colons(std::string_view text);

}  // namespace outpost::dkim
