// SPDX-License-Identifier: Apache-2.0
#include "core/mail/message/content.hpp"

#include <numeric>
#include <utility>

namespace outpost::mail {

Content::Content(std::string header, std::vector<std::string> body)
    : header_(std::move(header)),
      body_(std::make_shared<const std::vector<std::string>>(std::move(body))) {
    size_ = std::accumulate(
        body_->begin(), body_->end(), header_.size(),
        [](std::size_t sum, const std::string& chunk) { return sum + chunk.size(); }
    );
}

Content::Content(std::string header, const Content& other)
    : header_(std::move(header)),
      body_(other.body_),
      size_(header_.size() + other.size_ - other.header_.size()) {}

}  // namespace outpost::mail
