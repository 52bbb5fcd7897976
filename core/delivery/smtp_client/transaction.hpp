// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>
#include <vector>

#include "core/delivery/smtp_client/smtp_session.hpp"

namespace outpost::delivery {

class Pieces;

/// One message over one session: MAIL, RCPT, DATA or BDAT, as pipelined as the server permits.
///
/// Every recipient keeps the reply that was meant for it. A connection that is lost in
/// mid-transaction gives a verdict to those that have none; after the final dot that verdict is at
/// Stage::final_dot: the remote may have the message.
class Transaction {
  public:
    Transaction(SmtpSession& session, const DeliveryJob& job, DotGate& gate);
    /// Runs to the end; leaves the session reusable or not.
    awaitable<std::vector<Verdict>> run();

  private:
    using Indexes = std::vector<std::size_t>;  ///< of recipients in the job

    std::optional<Verdict> unfit() const;
    bool is_verified() const;
    awaitable<void> run_batch(Indexes batch);
    void fit_to_limits(Indexes& batch);
    std::string mail_line() const;
    std::string rcpt_line(std::size_t index) const;
    awaitable<bool> send_envelope(const Indexes& batch, bool with_data);
    awaitable<bool> read_envelope(const Indexes& batch);
    awaitable<void> finish_with_data(bool asked_already);
    awaitable<bool> send_data();
    awaitable<void> finish_with_bdat();
    awaitable<void> send_last_chunk(Pieces& pieces, std::uint64_t count);
    awaitable<mail::ContentPtr> get_content();
    awaitable<bool> start_data(bool asked_already);
    awaitable<void> send_octets(Pieces& pieces, std::uint64_t count);
    awaitable<void> send_content(std::string_view octets);
    awaitable<void> hear_last_words();
    awaitable<bool> gate_opens();
    awaitable<void> read_final_replies();
    void conclude(const Indexes& indexes, const Verdict& verdict);
    void conclude_open(const Verdict& verdict);

    SmtpSession& session_;
    smtp::Chat& chat_;
    const smtp::Extensions& extensions_;
    const SmtpTimeouts& timeouts_;
    const DeliveryJob& job_;
    DotGate& gate_;
    bool smtputf8_ = false;

    std::vector<std::optional<Verdict>> verdicts_;
    Indexes accepted_;   ///< of the batch under way: RCPT was answered 2yz
    Indexes postponed_;  ///< the server had had enough recipients for one transaction
};

}  // namespace outpost::delivery
