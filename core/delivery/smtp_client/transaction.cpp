// SPDX-License-Identifier: Apache-2.0
#include "core/delivery/smtp_client/transaction.hpp"

#include <algorithm>
#include <numeric>
#include <set>
#include <stdexcept>
#include <system_error>

#include "core/delivery/smtp_client/endings.hpp"
#include "core/delivery/smtp_client/pieces.hpp"
#include "core/mail/smtp/command_format.hpp"
#include "core/mail/smtp/data_encoder.hpp"

namespace outpost::delivery {
namespace {

constexpr std::size_t write_block = 64 * 1024;  // octets written at once
constexpr std::size_t with_dot = 16 * 1024;     // at most these go out together with the final dot
constexpr std::size_t most_recipients = 100;    // in a transaction, where the server names no limit
constexpr std::chrono::seconds last_words{2};   // what a closing server said has arrived by then

bool needs_smtputf8(const DeliveryJob& job) {
    const Message& message = *job.message;
    return job.reverse_path().needs_smtputf8() ||
           std::any_of(
               job.recipients.begin(), job.recipients.end(),
               [](const Recipient& r) { return r.address.needs_smtputf8(); }
           ) ||
           (message.smtputf8 && message.body.held() &&
            std::any_of(
                message.body.held()->header().begin(), message.body.held()->header().end(),
                [](unsigned char c) { return c >= 0x80; }
            ));
}

// "Too many recipients": 452, and 552 as old servers say it (RFC 5321 section 4.5.3.1.10).
bool asks_for_another_transaction(const smtp::Reply& reply) {
    return reply.code == 452 || reply.code == 552;
}

bool lines_end_with_crlf(const mail::Content& content) {
    smtp::LineEndCheck check;
    bool good = check.feed(content.header());
    for (const std::string& chunk : content.body())
        good = good && check.feed(chunk);
    return good && check.finish();
}

Verdict bare_line_ends() {
    return Verdict::failed(
        Stage::mail, ErrorKind::local, {5, 6, 0},
        "the message has a bare CR or LF and cannot be sent over SMTP"
    );
}

/// Ends the transaction, and the connection, before its message is complete.
class Abandoned : public smtp::ProtocolError {
  public:
    using smtp::ProtocolError::ProtocolError;
};

}  // namespace

Transaction::Transaction(SmtpSession& session, const DeliveryJob& job, DotGate& gate)
    : session_(session),
      chat_(session.chat_),
      extensions_(session.extensions_),
      timeouts_(session.settings_->timeouts),
      job_(job),
      gate_(gate),
      smtputf8_(needs_smtputf8(job)),
      verdicts_(job.recipients.size()) {}

awaitable<std::vector<Verdict>> Transaction::run() {
    if (const auto refused = unfit()) {
        conclude_open(*refused);
        session_.reusable_ = true;
    } else {
        std::exception_ptr broken;
        try {
            postponed_.resize(job_.recipients.size());
            std::iota(postponed_.begin(), postponed_.end(), 0u);
            while (!postponed_.empty() && session_.may_begin_another())
                co_await run_batch(std::exchange(postponed_, {}));
            conclude_open(Verdict::deferred(
                Stage::mail, ErrorKind::policy, {4, 5, 3},
                "the remote takes no more transactions in this session"
            ));
            session_.reusable_ = true;
        } catch (...) {
            broken = std::current_exception();
        }
        if (broken) {
            conclude_open(verdict_of(broken, session_.stage_));
            chat_.close();
        }
    }
    std::vector<Verdict> all;
    for (auto& verdict : verdicts_)
        all.push_back(std::move(*verdict));
    co_return all;
}

// What this host cannot take, known before MAIL. Another host may: so these are temporary, except
// that nothing will ever make bare line ends fit.
std::optional<Verdict> Transaction::unfit() const {
    const Message& message = *job_.message;
    if (extensions_.max_size && message.body.size() > *extensions_.max_size) {
        return Verdict::failed(
            Stage::mail, ErrorKind::policy, {5, 3, 4},
            "the message has " + std::to_string(message.body.size()) +
                " octets, the remote takes " + std::to_string(*extensions_.max_size)
        );
    }
    if (smtputf8_ && !extensions_.smtputf8) {
        return Verdict::failed(
            Stage::mail, ErrorKind::policy, {5, 6, 7},
            "the message needs SMTPUTF8, which the remote does not offer"
        );
    }
    if (message.tls_wish == TlsWish::required && !is_verified()) {
        return Verdict::deferred(
            Stage::mail, ErrorKind::policy, {4, 7, 30},
            "the message needs REQUIRETLS, and this session's TLS is not verified"
        );
    }
    if (message.tls_wish == TlsWish::required && !extensions_.requiretls) {
        return Verdict::deferred(
            Stage::mail, ErrorKind::policy, {4, 7, 30},
            "the message needs REQUIRETLS, which the remote does not offer"
        );
    }
    if (message.body.held() && !lines_end_with_crlf(*message.body.held())) return bare_line_ends();
    return std::nullopt;
}

// TLS that does not reach what is enforced ends the session before any transaction.
bool Transaction::is_verified() const {
    const tls::TlsRequirement& enforced = session_.settings_->tls.demand.enforced;
    return chat_.stream().tls_facts() != nullptr && enforced.needs_verification() &&
           !enforced.ignore_errors;
}

std::string Transaction::mail_line() const {
    const Message& message = *job_.message;
    smtp::MailParameters parameters;
    if (extensions_.size) parameters.size = message.body.size();
    parameters.body_8bitmime = message.eightbit && extensions_.eightbitmime;
    parameters.smtputf8 = smtputf8_;
    parameters.requiretls = message.tls_wish == TlsWish::required;
    if (extensions_.dsn) {
        parameters.ret = message.returned();
        parameters.envid = message.envid;
    }
    return smtp::mail_command(job_.reverse_path(), parameters);
}

std::string Transaction::rcpt_line(std::size_t index) const {
    const Recipient& recipient = job_.recipients[index];
    smtp::RcptParameters parameters;
    parameters.smtputf8 = smtputf8_;
    if (extensions_.dsn) {
        parameters.notify = recipient.notify;
        parameters.orcpt = recipient.orcpt;
    }
    return smtp::rcpt_command(recipient.address, parameters);
}

// Leaves in `batch` what the server takes in one transaction (RFC 9422), and postpones the rest.
void Transaction::fit_to_limits(Indexes& batch) {
    const std::size_t most =
        std::min<std::size_t>(extensions_.rcpt_max.value_or(most_recipients), 1000);
    const std::size_t most_domains = extensions_.rcpt_domain_max.value_or(UINT32_MAX);
    Indexes now;
    std::set<dns::Domain> domains;
    for (const std::size_t index : batch) {
        const dns::Domain& domain = job_.recipients[index].address.domain();
        const bool fits =
            now.size() < most && (domains.contains(domain) || domains.size() < most_domains);
        if (fits) domains.insert(domain);
        (fits ? now : postponed_).push_back(index);
    }
    batch = std::move(now);
}

awaitable<void> Transaction::run_batch(Indexes batch) {
    fit_to_limits(batch);
    accepted_.clear();
    ++session_.transactions_;
    // With CHUNKING there is no 354 to wait for, so nothing is gained by sending DATA ahead.
    const bool data_ahead = extensions_.pipelining && !extensions_.chunking;
    const bool mail_taken = co_await send_envelope(batch, data_ahead);
    if (!mail_taken || accepted_.empty()) {
        if (data_ahead) {
            const smtp::Reply reply = co_await chat_.read_reply(timeouts_.data_start);
            if (reply.code ==
                354) {  // RFC 2920: nobody to send to, yet the server waits for a message
                co_await chat_.send(".", timeouts_.data_block);
                co_await chat_.read_reply(timeouts_.final_reply);
            }
        }
        co_await chat_.ask("RSET", timeouts_.command);
        co_return;
    }
    if (extensions_.chunking) {
        co_await finish_with_bdat();
    } else {
        co_await finish_with_data(data_ahead);
    }
}

// Sends MAIL and RCPTs (and DATA) and reads their replies, all at once or one by one. Returns
// whether MAIL was accepted.
awaitable<bool> Transaction::send_envelope(const Indexes& batch, bool with_data) {
    session_.stage_ = Stage::mail;
    if (extensions_.pipelining) {
        std::string commands = chat_.queue(mail_line());
        for (const std::size_t index : batch)
            commands += chat_.queue(rcpt_line(index));
        if (with_data) commands += chat_.queue("DATA");
        co_await chat_.send_raw(commands, timeouts_.command);
    } else {
        co_await chat_.send(mail_line(), timeouts_.command);
    }
    co_return co_await read_envelope(batch);
}

awaitable<bool> Transaction::read_envelope(const Indexes& batch) {
    const smtp::Reply mail = co_await chat_.read_reply(timeouts_.command);
    if (!mail.positive()) conclude(batch, Verdict::from_reply(Stage::mail, mail));
    if (!mail.positive() && !extensions_.pipelining) co_return false;
    session_.stage_ = mail.positive() ? Stage::rcpt : Stage::mail;
    for (const std::size_t index : batch) {
        if (!extensions_.pipelining) co_await chat_.send(rcpt_line(index), timeouts_.command);
        const smtp::Reply reply = co_await chat_.read_reply(timeouts_.command);
        if (!mail.positive()) continue;  // it only echoes the refusal of MAIL
        if (reply.positive()) {
            accepted_.push_back(index);
        } else if (asks_for_another_transaction(reply) && !accepted_.empty()) {
            postponed_.push_back(index);
        } else {
            verdicts_[index] = Verdict::from_reply(Stage::rcpt, reply);
        }
    }
    co_return mail.positive();
}

awaitable<bool> Transaction::start_data(bool asked_already) {
    session_.stage_ = Stage::data;
    if (!asked_already) co_await chat_.send("DATA", timeouts_.data_start);
    const smtp::Reply reply = co_await chat_.read_reply(timeouts_.data_start);
    if (reply.code == 354) co_return true;
    conclude(accepted_, refusal(Stage::data, reply));
    if (reply.positive())
        throw smtp::ProtocolError("the remote answered DATA as if it had the message");
    co_await chat_.ask("RSET", timeouts_.command);
    co_return false;
}

awaitable<void> Transaction::finish_with_data(bool asked_already) {
    const bool started = co_await start_data(asked_already);
    if (!started) co_return;
    const bool sent = co_await send_data();
    if (sent) co_await read_final_replies();
}

// The dot goes out together with the end of the content, which for most messages is all of it: one
// packet and one wake-up less. Of large ones all but little is sent before the gate is asked, so
// that it is asked late.
awaitable<bool> Transaction::send_data() {
    // Content and block are gone before the wait for the reply, which may take minutes.
    const mail::ContentPtr content = co_await get_content();
    smtp::DataEncoder encoder;
    Pieces pieces(*content);
    std::string block;
    for (std::string_view piece = pieces.next(write_block); !piece.empty();
         piece = pieces.next(write_block)) {
        if (!encoder.encode(piece, block))
            throw std::logic_error("content changed after it was checked");
        if (block.size() < with_dot) continue;
        co_await send_content(block);
        block.clear();
    }
    if (!encoder.finish(block)) throw std::logic_error("content changed after it was checked");
    const bool open = co_await gate_opens();
    if (!open) co_return false;
    session_.stage_ = Stage::final_dot;
    co_await send_content(block);
    co_return true;
}

// Content that is not in memory is read now, when nothing but the content itself is left to wait
// for.
awaitable<mail::ContentPtr> Transaction::get_content() {
    const BodyHandle& body = job_.message->body;
    if (body.held()) co_return body.held();
    mail::ContentPtr content = co_await body.get();
    if (!content) {
        conclude_open(Verdict::deferred(
            Stage::data, ErrorKind::local, {4, 3, 0}, "the content could not be read just now"
        ));
        throw Abandoned("the content could not be read");
    }
    if (!lines_end_with_crlf(*content)) {
        conclude_open(bare_line_ends());
        throw Abandoned("the content cannot be sent");
    }
    co_return content;
}

// A server that has had enough may say so amid the content and close: its words tell more than the
// broken pipe does.
awaitable<void> Transaction::send_content(std::string_view octets) {
    std::exception_ptr broken;
    try {
        co_await chat_.send_raw(octets, timeouts_.data_block);
    } catch (const std::system_error& error) {
        if (error.code() == std::errc::timed_out) throw;
        broken = std::current_exception();
    }
    if (!broken) co_return;
    co_await hear_last_words();
    std::rethrow_exception(broken);
}

awaitable<void> Transaction::hear_last_words() {
    std::optional<smtp::Reply> reply;
    try {
        reply = co_await chat_.read_reply(last_words);
    } catch (const std::exception&) {  // it said nothing
    }
    if (reply && (reply->transient() || reply->permanent()))
        conclude(accepted_, Verdict::from_reply(Stage::data, *reply));
}

awaitable<void> Transaction::send_octets(Pieces& pieces, std::uint64_t count) {
    while (count > 0) {
        const std::string_view piece =
            pieces.next(static_cast<std::size_t>(std::min<std::uint64_t>(count, write_block)));
        co_await send_content(piece);
        count -= piece.size();
    }
}

// RFC 3030. Small messages go in one BDAT LAST; of large ones all but the end is sent before the
// gate is asked, so that it is asked late.
awaitable<void> Transaction::finish_with_bdat() {
    session_.stage_ = Stage::data;
    mail::ContentPtr content = co_await get_content();
    const std::uint64_t last = std::min<std::uint64_t>(content->size(), write_block);
    const std::uint64_t first = content->size() - last;
    Pieces pieces(*content);
    if (first > 0) {
        co_await chat_.send("BDAT " + std::to_string(first), timeouts_.command);
        co_await send_octets(pieces, first);
        const smtp::Reply reply = co_await chat_.read_reply(timeouts_.final_reply);
        if (!reply.positive()) {
            conclude(accepted_, refusal(Stage::data, reply));
            co_await chat_.ask("RSET", timeouts_.command);
            co_return;
        }
    }
    const bool open = co_await gate_opens();
    if (!open) co_return;
    session_.stage_ = Stage::final_dot;
    co_await send_last_chunk(pieces, last);
    content.reset();
    co_await read_final_replies();
}

awaitable<void> Transaction::send_last_chunk(Pieces& pieces, std::uint64_t count) {
    std::string block = chat_.queue("BDAT " + std::to_string(count) + " LAST");
    block.reserve(block.size() + static_cast<std::size_t>(count));
    for (std::string_view piece = pieces.next(write_block); !piece.empty();
         piece = pieces.next(write_block))
        block += piece;
    co_await send_content(block);
}

// The last checkpoint: without our lease the message must not be completed. Closing the connection
// makes the server forget it (RFC 5321 section 4.1.1.4).
awaitable<bool> Transaction::gate_opens() {
    gate_.reached(Stage::data);
    std::vector<std::int32_t> numbers;
    for (const std::size_t index : accepted_)
        numbers.push_back(job_.recipients[index].number);
    const bool open = co_await gate_.may_finish(numbers);
    if (!open) {
        conclude_open(Verdict::deferred(
            Stage::data, ErrorKind::local, {4, 3, 0},
            "our lease was lost before the final dot; nothing was sent"
        ));
        chat_.close();
        throw Abandoned("our lease was lost before the final dot");
    }
    co_return open;
}

awaitable<void> Transaction::read_final_replies() {
    if (!session_.settings_->lmtp) {
        const smtp::Reply reply = co_await chat_.read_reply(timeouts_.final_reply);
        session_.stage_ = Stage::done;
        conclude(
            accepted_, Verdict::from_reply(reply.positive() ? Stage::done : Stage::data, reply)
        );
        co_return;
    }
    for (const std::size_t index :
         accepted_) {  // RFC 2033 section 4.2: one for each recipient, in order
        const smtp::Reply reply = co_await chat_.read_reply(timeouts_.final_reply);
        verdicts_[index] = Verdict::from_reply(reply.positive() ? Stage::done : Stage::data, reply);
    }
    session_.stage_ = Stage::done;
}

void Transaction::conclude(const Indexes& indexes, const Verdict& verdict) {
    for (const std::size_t index : indexes)
        verdicts_[index] = verdict;
}

void Transaction::conclude_open(const Verdict& verdict) {
    for (auto& mine : verdicts_) {
        if (!mine) mine = verdict;
    }
}

}  // namespace outpost::delivery
