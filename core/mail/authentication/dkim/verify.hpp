// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/foundation/async/awaitable.hpp"
#include "core/foundation/async/deadline.hpp"
#include "core/foundation/base/clock.hpp"
#include "core/mail/authentication/dkim/signature.hpp"
#include "core/mail/message/content.hpp"
#include "core/net/dns/resolver.hpp"

namespace outpost::dkim {

/// The result of one signature, in the words of RFC 8601 section 2.7.1.
enum class Status {
    pass,
    fail,       ///< the message is not what was signed
    policy,     ///< good, but not to be accepted: expired
    neutral,    ///< nothing that we could verify, or one signature too many
    temperror,  ///< no answer from the DNS; perhaps later
    permerror   ///< never to be verified: malformed, no key, a key that is revoked or too weak
};
std::string_view text(Status status) noexcept;

struct SignatureResult {
    Status status = Status::permerror;
    std::string reason;                  ///< for people; empty for pass
    std::optional<Signature> signature;  ///< what the field says, if it could be read
    unsigned key_bits = 0;               ///< zero without a key
    /// Of the key's look-up: a key from a zone without DNSSEC may come from anyone who can forge
    /// answers.
    dns::Security key_security = dns::Security::indeterminate;
    bool testing = false;    ///< the domain only tests (t=y): to be treated like no signature
    bool whole_body = true;  ///< false: anyone may have added to the body (l=)
    std::vector<std::string> services;  ///< that the key is for (s=); empty: any
    /// Everything passes, except that the key is not for VerifyOptions::service.
    bool only_for_others = false;

    bool passed() const noexcept { return status == Status::pass; }
    /// Whether it passes where a key for `service` is required (RFC 6376 section 3.6.1).
    bool passed_for(std::string_view service) const;
    /// i=, or its default.
    std::string identity() const;
};

struct VerifyOptions {
    std::size_t most = 8;           ///< signatures that are verified; the others are neutral
    std::string service = "email";  ///< that the key must be for (s=)
    WallTime now = WallClock::now();
    Deadline deadline;  ///< for all look-ups together
};

/// Verifies the signatures of a message, from the top. Empty: it has none. Hashes the body at most
/// once for each way of canonicalisation and length; with `most` signatures this bounds the work.
/// Never throws because of the message or the DNS. Hashing happens on the caller's executor: a
/// large body is for a worker thread (look_up there, judge here).
awaitable<std::vector<SignatureResult>> verify(
    const mail::Content& content, dns::Resolver& resolver, VerifyOptions options
);

/// The two halves of `verify`: answers to the look-ups by their names, and what follows from them.
using KeyAnswers = std::map<std::string, Result<dns::Answer, dns::Failure>>;
awaitable<KeyAnswers> look_up_keys(
    const mail::Header& header, dns::Resolver& resolver, const VerifyOptions& options
);
std::vector<SignatureResult> judge(
    const mail::Header& header, const std::vector<std::string>& body, const KeyAnswers& keys,
    const VerifyOptions& options
);
std::vector<SignatureResult> judge(
    const mail::Content& content, const KeyAnswers& keys, const VerifyOptions& options
);

}  // namespace outpost::dkim
