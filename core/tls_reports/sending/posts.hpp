// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "core/foundation/database/session.hpp"
#include "core/net/http_client/client.hpp"

namespace outpost::tls_reports {

/// A report to be posted to one place by this caller.
struct Post {
    std::int64_t report = 0;
    std::int64_t token = 0;
    std::string uri;
    std::string octets;    ///< gzip'd JSON
    int attempts = 1;      ///< counting this one
    bool is_last = false;  ///< its time is over
};

/// The one that has been due for longest; it is this caller's for some minutes. A node that dies
/// while it posts leaves the place to be posted to again: the receiver knows the report by its id.
std::optional<Post> claim_post(db::Session& session);

/// What came of a post.
struct PostOutcome {
    bool arrived = false;   ///< any status of 2xx (RFC 8460 section 5.4)
    bool hopeless = false;  ///< no later attempt can do better
    std::string reason;     ///< why not, for people; may hold strangers' words
};
PostOutcome judge(const Result<http_client::Response, http_client::Failure>& answer);

/// Nothing happens when the claim was lost.
void note(
    db::Session& session, const Post& post, const PostOutcome& outcome, std::chrono::seconds pause
);

}  // namespace outpost::tls_reports
