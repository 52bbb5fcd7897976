// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/foundation/base/clock.hpp"
#include "core/mail/smtp/reply.hpp"

namespace outpost::delivery {

/// How far an attempt came with a recipient. The names appear in SQL (to_string()).
enum class Stage {
    route,
    resolve,
    connect,
    greeting,
    ehlo,
    starttls,
    tls,
    auth,
    mail,
    rcpt,
    data,
    final_dot,  ///< the end of the data was sent and its reply did not arrive: the outcome is
                ///< unknown
    done
};
std::string_view to_string(Stage stage) noexcept;

/// What kind of trouble it was: what routes can match on ("last_error"). Names as in to_string().
enum class ErrorKind {
    none,
    config,
    dns,
    connect,
    timeout,
    protocol,
    tls,
    auth,
    policy,
    reply_4xx,
    reply_5xx,
    local,
    crash  ///< the process that delivered died
};
std::string_view to_string(ErrorKind kind) noexcept;
std::optional<ErrorKind> parse_error_kind(std::string_view text) noexcept;

/// One step of the SMTP dialogue: never content, never secrets (AUTH is shown as "AUTH SCRAM-...
/// ***").
struct TranscriptLine {
    Duration since_start{};
    char direction = ' ';  ///< '>' sent by us, '<' received, '*' a remark of ours
    std::string text;
};
/// A bounded record of one session: lines over 512 octets are cut, lines beyond the limit counted.
class Transcript {
  public:
    explicit Transcript(std::size_t max_lines = 100) : max_lines_(max_lines) {}
    void sent(std::string_view line) { add('>', line); }
    void received(std::string_view line) { add('<', line); }
    void remark(std::string_view line) { add('*', line); }
    /// Lines of a session that another process held for us, with the times it gave them.
    void append(std::span<const TranscriptLine> lines);
    std::size_t size() const noexcept { return count_; }
    /// Its lines, without so many of the first.
    std::vector<TranscriptLine> lines(std::size_t skipped = 0) const;
    /// One line each: "   0.123 > EHLO mail.example.org". Control characters are escaped.
    std::string text() const;

  private:
    void add(char direction, std::string_view line);
    void pack(Duration since_start, char direction, std::string_view text);
    std::size_t max_lines_;
    std::size_t count_ = 0;
    std::size_t dropped_ = 0;
    SteadyTime start_ = SteadyClock::now();
    /// The lines behind each other: most are never read, and thousands of sessions each keep some.
    std::string packed_;
};

/// The remote end of an attempt, for attempt rows and DSNs.
struct RemoteFacts {
    std::string host;  ///< MX or relay name, may be empty (literals, unix sockets)
    std::string ip;
    std::uint16_t port = 0;
    std::string tls_version, tls_cipher;  ///< empty: in clear
    std::string tls_requirement;          ///< TlsRequirement::describe()
    /// Who asked for it: "mta-sts", "REQUIRETLS, dane", "(dane)" where it is only watched; empty:
    /// nobody.
    std::string tls_policy;
    /// What was reached, and what proved it: "dane 3 1 1 ab12... matched, pkix verified", "in
    /// clear: STARTTLS is not offered", "pkix: certificate has expired, would have failed: ...".
    std::string tls_result;
    bool tls_verified = false;  ///< PKIX-verified, whether asked for or not
    /// Why there was no TLS, where `tls_version` is empty.
    enum class Clear { not_wanted, not_offered, tls_failed };
    Clear clear = Clear::not_wanted;
    /// Who tells a sender that asked for it about a success (RFC 3461 section 5.2): we do, of a
    /// mail that was relayed to a server without DSN or finally delivered; or the remote, which
    /// took NOTIFY.
    enum class Success { relayed, delivered, passed_on };
    Success success = Success::relayed;
};

/// What became of one recipient in one attempt.
class Verdict {
  public:
    enum class Kind { delivered, deferred, failed };

    /// The code's class decides: 2yz delivered, 4yz deferred, 5yz failed (anything else: deferred).
    static Verdict from_reply(Stage stage, smtp::Reply reply);
    /// `status` must be of class 4; `reason` is our own sentence.
    static Verdict deferred(
        Stage stage, ErrorKind kind, smtp::EnhancedStatus status, std::string reason
    );
    /// `status` must be of class 5.
    static Verdict failed(
        Stage stage, ErrorKind kind, smtp::EnhancedStatus status, std::string reason
    );
    static Verdict delivered(std::string reason);

    Kind kind() const noexcept { return kind_; }
    Stage stage() const noexcept { return stage_; }
    ErrorKind error_kind() const noexcept { return error_; }
    /// RFC 3463 status; 2.0.0, 4.0.0 or 5.0.0 where the remote gave none.
    smtp::EnhancedStatus status() const noexcept { return status_; }
    /// The remote's words, if it spoke.
    const std::optional<smtp::Reply>& reply() const noexcept { return reply_; }
    /// Our words ("connection lost", "no MX host could be reached").
    const std::string& reason() const noexcept { return reason_; }
    /// The remote's reply text, or else our reason: one line for people.
    std::string words() const;
    /// The same as a temporary failure: dual-stack softening, RFC 5321 host-specific 5yz at
    /// greeting.
    Verdict softened() const;

    std::shared_ptr<const RemoteFacts> remote;  ///< where it happened, null before a connection

  private:
    Kind kind_ = Kind::deferred;
    Stage stage_ = Stage::route;
    ErrorKind error_ = ErrorKind::none;
    smtp::EnhancedStatus status_;
    std::optional<smtp::Reply> reply_;
    std::string reason_;
};

}  // namespace outpost::delivery
