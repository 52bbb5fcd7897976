// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>

#include "core/foundation/async/awaitable.hpp"
#include "core/foundation/async/deadline.hpp"
#include "core/foundation/base/result.hpp"
#include "core/net/http_client/client.hpp"
#include "policies/mta_sts/standing.hpp"

namespace outpost::mta_sts {

/// Gets a policy from its policy host (RFC 8461 section 3.3). Thread-safe.
class Fetcher {
  public:
    virtual ~Fetcher() = default;
    /// `domain`: A-labels. Never throws because of the network or a server.
    virtual awaitable<Result<Policy, Trouble>> fetch(std::string domain, Deadline deadline) = 0;
    /// Fetches under way, and later ones, fail at once.
    virtual void stop() = 0;
};

std::shared_ptr<Fetcher> make_fetcher(std::shared_ptr<http_client::Client> client);

/// What a policy host is asked (section 3.3).
http_client::Request request_of(const std::string& domain);

/// What the answer of a policy host means. Pure.
Result<Policy, Trouble> judge(const Result<http_client::Response, http_client::Failure>& answer);

}  // namespace outpost::mta_sts
