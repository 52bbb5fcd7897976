// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace outpost::mail {

/// What a message consists of: the header section and the body, in wire form (CRLF line ends, no
/// dot stuffing). Immutable once shared; recipients and attempts share one copy.
class Content {
  public:
    /// `header` includes the empty line that ends it. `body` comes in chunks of any size.
    Content(std::string header, std::vector<std::string> body);
    /// The body of `other`, which is shared and not copied, under another header.
    Content(std::string header, const Content& other);

    const std::string& header() const noexcept { return header_; }
    const std::vector<std::string>& body() const noexcept { return *body_; }
    /// Octets of header and body together, as RFC 1870 counts them.
    std::size_t size() const noexcept { return size_; }

  private:
    std::string header_;
    std::shared_ptr<const std::vector<std::string>> body_;
    std::size_t size_ = 0;
};

using ContentPtr = std::shared_ptr<const Content>;

}  // namespace outpost::mail
