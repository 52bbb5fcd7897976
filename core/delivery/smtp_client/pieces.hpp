// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string_view>

#include "core/mail/message/content.hpp"

namespace outpost::delivery {

/// The octets of a message in order, in pieces of bounded size.
class Pieces {
  public:
    explicit Pieces(const mail::Content& content) : content_(content), rest_(content.header()) {}
    /// The next piece of at most `most` octets; empty at the end.
    std::string_view next(std::size_t most) {
        while (rest_.empty() && chunk_ < content_.body().size())
            rest_ = content_.body()[chunk_++];
        const std::string_view piece = rest_.substr(0, most);
        rest_.remove_prefix(piece.size());
        return piece;
    }

  private:
    const mail::Content& content_;
    std::string_view rest_;
    std::size_t chunk_ = 0;
};

}  // namespace outpost::delivery
