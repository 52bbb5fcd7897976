// SPDX-License-Identifier: Apache-2.0
#include "plugins/lmtp/delivery.hpp"

#include <algorithm>

#include "core/mail/smtp/command_format.hpp"
#include "core/mail/smtp/data_encoder.hpp"

namespace outpost::lmtp {

using delivery::ErrorKind;
using delivery::Stage;
using delivery::Verdict;

namespace {

/// So much content goes into one write.
constexpr std::size_t write_size = 64 * 1024;

}  // namespace

Delivery::Delivery(
    const Settings& settings, const delivery::DeliveryJob& job, delivery::AttemptContext& context,
    std::shared_ptr<delivery::RemoteFacts> remote
)
    : settings_(settings),
      job_(job),
      context_(context),
      remote_(std::move(remote)),
      verdicts_(job.recipients.size()) {}

void Delivery::enter(Stage stage) {
    stage_ = stage;
    context_.gate.reached(stage);
}

void Delivery::settle_rest(const Verdict& verdict) {
    for (auto& each : verdicts_) {
        if (!each) each = verdict;
    }
}

void Delivery::settle_rest(const smtp::Reply& reply) {
    // A "2yz" where a go-ahead or a refusal was due says nothing about delivery.
    if (reply.transient() || reply.permanent())
        return settle_rest(Verdict::from_reply(stage_, reply));
    settle_rest(Verdict::deferred(
        stage_, ErrorKind::protocol, {4, 5, 0}, "unexpected reply: " + reply.text()
    ));
}

bool Delivery::nothing_left() const {
    return std::all_of(verdicts_.begin(), verdicts_.end(), [](const auto& v) {
        return v.has_value();
    });
}

std::vector<std::size_t> Delivery::accepted() const {
    std::vector<std::size_t> indices;
    for (std::size_t i = 0; i < verdicts_.size(); ++i) {
        if (!verdicts_[i]) indices.push_back(i);
    }
    return indices;
}

std::vector<Verdict> Delivery::outcome(const Verdict& rest) const {
    std::vector<Verdict> all;
    for (const auto& each : verdicts_) {
        all.push_back(each.value_or(rest));
        all.back().remote = remote_;
    }
    return all;
}

awaitable<void> Delivery::run(net::StreamPtr stream) {
    delivery::Transcript& transcript = context_.transcript;
    auto observer = [&transcript](char direction, std::string_view line) {
        direction == '>' ? transcript.sent(line) : transcript.received(line);
    };
    smtp::Chat chat(std::move(stream), context_.deadline, std::move(observer));
    if (!co_await greet(chat)) co_return;
    if (!permitted()) co_return co_await quit(chat);
    if (!co_await envelope(chat)) co_return co_await quit(chat);
    if (!co_await announce_data(chat)) co_return co_await quit(chat);
    if (!co_await send_content(chat)) co_return chat.close();
    co_await read_verdicts(chat);
    co_await quit(chat);
}

awaitable<bool> Delivery::greet(smtp::Chat& chat) {
    enter(Stage::greeting);
    const smtp::Reply greeting = co_await chat.read_reply(settings_.command_timeout);
    if (!greeting.positive()) {
        settle_rest(Verdict::from_reply(stage_, greeting).softened()
        );  // the store may be back soon
        co_return false;
    }
    enter(Stage::ehlo);
    const std::string& name =
        settings_.lhlo_name.empty() ? context_.ehlo_name : settings_.lhlo_name;
    const smtp::Reply reply = co_await chat.ask("LHLO " + name, settings_.command_timeout);
    if (!reply.positive()) {
        // Something else than LMTP listens here: a mistake of ours, not of the recipients.
        settle_rest(Verdict::from_reply(stage_, reply).softened());
        co_return false;
    }
    extensions_ = smtp::parse_extensions(reply);
    co_return true;
}

/// What can be known before a word about the message is said.
bool Delivery::permitted() {
    enter(Stage::mail);
    const delivery::Message& message = *job_.message;
    if (extensions_.max_size && message.body.size() > *extensions_.max_size) {
        settle_rest(Verdict::failed(
            stage_, ErrorKind::policy, {5, 3, 4}, "the message is larger than the store takes"
        ));
        return false;
    }
    // A message that was submitted with SMTPUTF8 may still have an ASCII envelope; its header,
    // though, needs a store that knows UTF-8 (RFC 6531 section 3.1).
    smtputf8_ = message.smtputf8 || job_.reverse_path().needs_smtputf8();
    for (const auto& recipient : job_.recipients)
        smtputf8_ |= recipient.address.needs_smtputf8();
    if (smtputf8_ && !extensions_.smtputf8) {
        settle_rest(Verdict::failed(
            stage_, ErrorKind::policy, {5, 6, 7}, "the store does not support SMTPUTF8"
        ));
        return false;
    }
    if (message.eightbit && !extensions_.eightbitmime) {
        settle_rest(Verdict::failed(
            stage_, ErrorKind::policy, {5, 6, 3}, "the store does not support 8BITMIME"
        ));
        return false;
    }
    return true;
}

std::vector<std::string> Delivery::envelope_commands() const {
    const delivery::Message& message = *job_.message;
    smtp::MailParameters mail;
    if (extensions_.size) mail.size = message.body.size();
    mail.body_8bitmime = message.eightbit;
    mail.smtputf8 = smtputf8_;
    if (extensions_.dsn) {
        mail.ret = message.returned();
        mail.envid = message.envid;
    }
    std::vector<std::string> commands{smtp::mail_command(job_.reverse_path(), mail)};
    for (const auto& recipient : job_.recipients) {
        smtp::RcptParameters rcpt;
        rcpt.smtputf8 = smtputf8_;
        if (extensions_.dsn) {
            rcpt.notify = recipient.notify;
            rcpt.orcpt = recipient.orcpt;
        }
        commands.push_back(smtp::rcpt_command(recipient.address, rcpt));
    }
    return commands;
}

/// MAIL and RCPT, together where the store can take them so (RFC 2033 section 5 asks it to). True
/// when somebody is to get the message.
awaitable<bool> Delivery::envelope(smtp::Chat& chat) {
    const std::vector<std::string> commands = envelope_commands();
    if (extensions_.pipelining) {
        std::string group;
        for (const auto& command : commands)
            group += chat.queue(command);
        co_await chat.send_raw(group, settings_.command_timeout);
    }
    for (std::size_t i = 0; i < commands.size(); ++i) {
        if (!extensions_.pipelining) co_await chat.send(commands[i], settings_.command_timeout);
        const smtp::Reply reply = co_await chat.read_reply(settings_.command_timeout);
        if (i == 0) {
            if (!reply.positive()) settle_rest(reply);
            enter(Stage::rcpt);
            if (nothing_left() && !extensions_.pipelining) co_return false;
        } else if (!verdicts_[i - 1] && !reply.positive()) {
            verdicts_[i - 1] = Verdict::from_reply(Stage::rcpt, reply);
        }
    }
    co_return !nothing_left();
}

awaitable<bool> Delivery::announce_data(smtp::Chat& chat) {
    enter(Stage::data);
    const smtp::Reply reply = co_await chat.ask("DATA", settings_.command_timeout);
    if (reply.code == 354) co_return true;
    settle_rest(reply);
    co_return false;
}

/// True when all has been sent, the final dot too. False: the dot was not sent, and since the
/// message cannot be taken back otherwise, the connection must be closed.
awaitable<bool> Delivery::send_content(smtp::Chat& chat) {
    const mail::Content& content = *job_.message->body.held();
    smtp::DataEncoder encoder;
    std::string out;
    bool sound = encoder.encode(content.header(), out);
    for (const std::string& chunk : content.body()) {
        sound = sound && encoder.encode(chunk, out);
        if (!sound) break;
        if (out.size() < write_size) continue;
        co_await chat.send_raw(out, settings_.command_timeout);
        out.clear();
    }
    sound = sound && encoder.finish_line(out);
    if (!sound) {
        settle_rest(Verdict::failed(
            stage_, ErrorKind::local, {5, 6, 0}, "the message has a bare CR or LF in it"
        ));
        co_return false;
    }
    co_await chat.send_raw(out, settings_.command_timeout);
    if (!co_await ask_gate()) co_return false;
    enter(Stage::final_dot);
    const std::string dot = ".\r\n";
    co_await chat.send_raw(dot, settings_.command_timeout);
    co_return true;
}

/// Who is not to get a duplicate from us and from the node that has taken over.
awaitable<bool> Delivery::ask_gate() {
    std::vector<std::int32_t> numbers;
    for (const std::size_t index : accepted())
        numbers.push_back(job_.recipients[index].number);
    if (co_await context_.gate.may_finish(numbers)) co_return true;
    settle_rest(Verdict::deferred(
        stage_, ErrorKind::local, {4, 3, 0}, "the lease was lost before the final dot"
    ));
    co_return false;
}

/// One reply for each recipient that was accepted, in their order (RFC 2033 section 4.2).
awaitable<void> Delivery::read_verdicts(smtp::Chat& chat) {
    for (const std::size_t index : accepted()) {
        const smtp::Reply reply = co_await chat.read_reply(settings_.data_timeout);
        verdicts_[index] = Verdict::from_reply(reply.positive() ? Stage::done : Stage::data, reply);
    }
    stage_ = Stage::done;
}

/// Courtesy; the verdicts stand whatever comes of it.
awaitable<void> Delivery::quit(smtp::Chat& chat) {
    try {
        co_await chat.send("QUIT", std::chrono::seconds(5));
    } catch (const std::exception&) {
        context_.transcript.remark("QUIT could not be sent");
    }
    chat.close();
}

}  // namespace outpost::lmtp
