// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/delivery/interface/job.hpp"
#include "core/delivery/interface/verdict.hpp"
#include "core/foundation/base/clock.hpp"
#include "core/foundation/base/ids.hpp"

/// The queue's vocabulary: what goes in, what is claimed, what is recorded.
namespace outpost::queue {

/// A message that has passed all checks at the door and is to be made durable.
struct NewMessage {
    std::string account;  ///< empty: unauthenticated relay or system mail
    mail::Address mail_from;
    std::vector<delivery::Recipient> recipients;  ///< numbered by their order
    mail::ContentPtr content;
    bool eightbit = false, smtputf8 = false;
    delivery::TlsWish tls_wish = delivery::TlsWish::standard;
    delivery::Ret ret = delivery::Ret::unspecified;
    std::string envid;
    std::string tag;
    std::string idempotency_key;         ///< unique per account; empty: none
    std::optional<WallTime> release_at;  ///< FUTURERELEASE: not before
    std::string source;                  ///< "submission", "relay", "sql", "dsn"
    std::string client;                  ///< "192.0.2.7 helo mail.example.org", for people
    std::string message_id;              ///< of the Message-ID field, with brackets
    std::string signed_by;               ///< dkim::Signed::by
    MessageId id{};                      ///< from QueueStore::new_id, already in the Received field
};

struct Enqueued {
    MessageId id{};
    bool duplicate = false;  ///< the idempotency key was known: `id` is the first message
};

/// A recipient that we hold a lease on, with all that routing needs; content is loaded separately.
struct Claimed {
    RecipientKey key;
    LeaseToken token{};
    delivery::Recipient recipient;
    int attempts = 1;        ///< counting the one this claim is for
    bool uncertain = false;  ///< an earlier attempt ended with an unknown outcome
    delivery::ErrorKind last_error = delivery::ErrorKind::none;
    std::string last_status;
    std::string transport_override;  ///< set by an operator; empty: routes decide
    bool warned = false;             ///< a delay DSN has been asked for already
    int crashes = 0;            ///< attempts in a row, before this one, that a process died under
    bool interrupted = false;   ///< its node died while it had the recipient, begun or not
    bool to_be_signed = false;  ///< by QueueStore::load_signed: it came in by SQL
    std::shared_ptr<const delivery::Message>
        envelope;  ///< shared by a message's recipients; content may be null
};

enum class RecipientState { queued, leased, held, delivered, failed, dropped };
std::string_view to_string(RecipientState state) noexcept;

/// Which DSN a settlement asks for. Composed later by the reporter, in its own transaction.
enum class Report { none, delayed, failed, delivered, relayed };
std::string_view to_string(Report report) noexcept;

/// What one attempt did with one recipient: becomes an attempt row and the recipient's new state.
struct Settled {
    RecipientKey key;
    LeaseToken token{};
    RecipientState state = RecipientState::queued;  ///< queued, held, delivered or failed
    std::optional<WallTime> next_attempt;           ///< for queued
    std::string hold_reason;                        ///< for held
    bool uncertain = false;
    int crashes = 0;  ///< attempts in a row, with this one, that a process died under
    Report report = Report::none;
    /// How long the address shall get no more mail; none: what failed is no reason to.
    std::optional<std::chrono::seconds> suppress_for;

    int attempt = 1;
    WallTime started{};
    Duration duration{};
    std::string route_list, route_name, route_reason;
    int route_index = 0;
    std::string transport;
    std::string config_version;
    delivery::Verdict verdict = delivery::Verdict::delivered("");
    std::string transcript;  ///< empty for what succeeded
};

/// A person has changed what a message asks of TLS (outpost.set_require_tls): told to all nodes.
struct TlsChange {
    MessageId message{};
    delivery::TlsWish wish = delivery::TlsWish::standard;
    /// Reads "1000 yes", "1000 no" or "1000 default".
    static std::optional<TlsChange> parse(std::string_view text);
};

}  // namespace outpost::queue
