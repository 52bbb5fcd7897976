// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/delivery/queue/store.hpp"
#include "core/foundation/async/workers.hpp"
#include "core/mail/authentication/dkim/signer.hpp"
#include "core/mail/message/trace.hpp"
#include "core/mail/smtp/reply.hpp"

namespace outpost::submission {

/// Header fields by which a submitter speaks to us; they are taken off the message.
constexpr std::string_view idempotency_field = "X-Outpost-Idempotency-Key";
constexpr std::string_view tag_field = "X-Outpost-Tag";

/// A message at some door: permitted, well-formed on the wire, not yet ours.
struct Arrival {
    std::string source;   ///< "submission", "relay", "sendmail"
    std::string account;  ///< empty: none
    mail::Address mail_from;
    std::vector<smtp::Recipient> recipients;
    std::vector<std::string> content;  ///< chunks in wire form, CRLF line ends
    bool smtputf8 = false;
    bool require_tls = false;  ///< REQUIRETLS was given
    delivery::Ret ret = delivery::Ret::unspecified;
    std::string envid;
    std::optional<WallTime> release_at;
    std::string client;         ///< for people
    mail::ReceivedFacts trace;  ///< id, time and recipient are filled in here
    bool complete =
        true;  ///< add Date and Message-ID where missing, remove Bcc (RFC 6409 section 8)
    std::size_t max_received_fields = 50;
    /// Whom the From field may name (RFC 6409 section 6.1); empty: anyone.
    std::function<bool(const mail::Address&)> may_be_from;
    std::shared_ptr<const dkim::Signer> signer;  ///< null: nobody signs
};

/// Makes a queued message of an arrival: the one place through which mail comes in, whatever the
/// door. Thread-safe.
class Acceptor {
  public:
    /// `store` must outlive it.
    explicit Acceptor(queue::QueueStore& store);

    /// 250 with the id once the message is committed (an idempotency key that is known: the id of
    /// the first one); 451 when the database is away; 5yz for what can never be queued. Never
    /// throws but for the end of the program.
    awaitable<smtp::Reply> accept(Arrival arrival);

  private:
    awaitable<Result<queue::NewMessage, smtp::Reply>> built(Arrival arrival);

    queue::QueueStore& store_;
    Workers workers_;
};

}  // namespace outpost::submission
