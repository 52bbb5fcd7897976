// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <asio/thread_pool.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/delivery/interface/tls_decision.hpp"
#include "core/delivery/interface/transport.hpp"
#include "core/delivery/smtp_client/timeouts.hpp"
#include "core/mail/sasl/mechanism.hpp"
#include "core/mail/smtp/chat.hpp"
#include "core/mail/smtp/extensions.hpp"
#include "core/net/tls/observation.hpp"

namespace outpost::delivery {

struct SessionSettings {
    std::string ehlo_name;
    std::string server_name;  ///< for SNI and the certificate
    TlsPlan tls;
    SmtpTimeouts timeouts;
    bool lmtp = false;  ///< LHLO and a reply for each recipient (RFC 2033)
};

/// Who we are to a relay.
struct Login {
    sasl::Credentials credentials;
    std::vector<std::string> mechanisms;  ///< in order of preference; empty: the strongest offered
    /// The transport was told not to verify the relay's certificate: secrets go to whoever answers.
    bool trust_unverified = false;
    /// Where proofs are computed: SCRAM's take a while, and the relay chooses how long. Null: where
    /// the session runs.
    asio::thread_pool* workers = nullptr;
    std::function<void()> refused;  ///< called when the relay refuses these credentials for good
};

/// One SMTP (or LMTP) session as the client, from greeting to QUIT; used for many messages in turn.
///
/// Steps return nothing when they succeeded, else the verdict that ends the session. Lost
/// connections throw; `stage()` says how far we had come, and `verdict_of` turns both into a
/// verdict. Belongs to one coroutine on one executor.
class SmtpSession {
  public:
    SmtpSession(
        net::StreamPtr stream, std::shared_ptr<const SessionSettings> settings, Deadline deadline,
        Transcript& transcript
    );

    /// Greeting, EHLO (or HELO, LHLO), TLS and EHLO again: ready for mail or for `authenticate`.
    awaitable<std::optional<Verdict>> open();
    awaitable<std::optional<Verdict>> authenticate(const Login& login);

    /// Delivers the message to the job's recipients: a verdict for each, in the job's order.
    /// Recipients that the server wants in another transaction (452 after some were taken) are sent
    /// in one. Asks `gate` before each final dot.
    awaitable<std::vector<Verdict>> send(const DeliveryJob& job, DotGate& gate);

    /// QUIT, waiting a moment for the answer, and close. Never throws.
    awaitable<void> quit();
    void close() noexcept { chat_.close(); }

    /// Leaves the attempt that used the session: its transcript and deadline are not touched again.
    void rest();
    /// Takes the session over for another attempt.
    void adopt(Deadline deadline, Transcript& transcript);

    Stage stage() const noexcept { return stage_; }
    /// After a transaction: whether the session can be used for another one.
    bool reusable() const noexcept { return reusable_; }
    std::size_t messages_sent() const noexcept { return messages_; }
    /// Whether the server permits another transaction in this session (MAILMAX, RFC 9422).
    bool may_begin_another() const noexcept {
        return transactions_ < extensions_.mail_max.value_or(UINT32_MAX);
    }
    const smtp::Extensions& extensions() const noexcept { return extensions_; }
    net::Stream& stream() noexcept { return chat_.stream(); }
    /// What `open` came to see of the host's TLS, however it ended.
    std::shared_ptr<const tls::TlsObservation> observed() const noexcept { return observed_; }

  private:
    friend class Transaction;

    awaitable<std::optional<Verdict>> open_in_steps();
    awaitable<std::optional<Verdict>> greet();
    awaitable<std::optional<Verdict>> hello();
    awaitable<std::optional<Verdict>> start_tls();
    awaitable<void> shake_hands();
    awaitable<std::optional<Verdict>> run_mechanism(
        std::shared_ptr<sasl::ClientMechanism> mechanism, const Login& login
    );

    std::shared_ptr<const SessionSettings> settings_;
    smtp::Chat chat_;
    smtp::Extensions extensions_;
    std::shared_ptr<tls::TlsObservation> observed_ = std::make_shared<tls::TlsObservation>();
    Stage stage_ = Stage::greeting;
    bool reusable_ = false;
    std::size_t messages_ = 0;
    std::uint32_t transactions_ = 0;
};

}  // namespace outpost::delivery
