// SPDX-License-Identifier: Apache-2.0
// What a session does for each command except DATA and BDAT.
#include <fmt/format.h>
#include <asio/redirect_error.hpp>
#include <asio/steady_timer.hpp>

#include <algorithm>

#include "core/foundation/base/encoding.hpp"
#include "core/foundation/base/log.hpp"
#include "core/mail/smtp/server_auth.hpp"
#include "core/mail/smtp/server_reply.hpp"
#include "core/mail/smtp/server_session.hpp"

namespace outpost::smtp {
namespace {

/// RFC 4865 section 3 announces the latest date-time too.
std::string date_time(WallTime at) {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(at);
    const auto day = std::chrono::floor<std::chrono::days>(seconds);
    const std::chrono::year_month_day date(day);
    const std::chrono::hh_mm_ss time(seconds - day);
    return fmt::format(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", static_cast<int>(date.year()),
        static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
        time.hours().count(), time.minutes().count(), time.seconds().count()
    );
}

bool wants_reports(const MailFrom& mail) {
    return mail.ret != Ret::unspecified || !mail.envid.empty();
}
bool wants_reports(const Recipient& recipient) {
    return !recipient.notify.unspecified() || !recipient.orcpt.empty();
}

}  // namespace

awaitable<ServerSession::Next> ServerSession::on(const Hello& command) {
    end_transaction();  // RFC 5321 section 4.1.4
    client_.helo = command.name;
    client_.extended = command.extended;
    if (command.extended) {
        channel_.say(capabilities());
    } else {
        channel_.say(make_reply(250, "", settings_->hostname));
    }
    ++idle_commands_;
    co_return Next::go_on;
}

Reply ServerSession::capabilities() const {
    Reply reply = make_reply(250, "", settings_->hostname);
    const auto add = [&](std::string line) { reply.lines.push_back(std::move(line)); };
    add("PIPELINING");
    add(fmt::format("SIZE {}", settings_->content.max_size));
    add("8BITMIME");
    add("SMTPUTF8");
    add("CHUNKING");
    if (settings_->dsn_offered) add("DSN");
    add("ENHANCEDSTATUSCODES");
    add(fmt::format(
        "LIMITS RCPTMAX={} MAILMAX={}", settings_->max_recipients, settings_->max_messages
    ));
    if (const auto hold = settings_->max_hold; hold.count() > 0) {
        add(fmt::format("FUTURERELEASE {} {}", hold.count(), date_time(WallClock::now() + hold)));
    }
    if (settings_->tls && !client_.tls) add("STARTTLS");
    if (settings_->requiretls_offered && client_.tls) add("REQUIRETLS");
    const bool auth_now = settings_->auth_offered && (client_.tls || !settings_->tls_required);
    if (auth_now) {
        const auto names =
            sasl::server_mechanisms(client_.tls.has_value(), binding_of(client_.tls));
        if (!names.empty()) add(fmt::format("AUTH {}", fmt::join(names, " ")));
    }
    return reply;
}

std::optional<Reply> ServerSession::check_state_for_mail(const MailFrom& mail) const {
    if (client_.helo.empty()) return make_reply(503, "5.5.1", "EHLO first");
    if (transaction_) return make_reply(503, "5.5.1", "a transaction is open already");
    if (settings_->tls_required && !client_.tls) {
        return make_reply(530, "5.7.0", "STARTTLS first");
    }
    if (messages_ >= settings_->max_messages) {
        return make_reply(421, "4.7.0", "enough messages for one session");
    }
    if (mail.size.value_or(0) > settings_->content.max_size) {
        return make_reply(552, "5.3.4", "the message is too large");
    }
    const bool knows_requiretls = settings_->requiretls_offered && client_.extended;
    if (mail.require_tls && !knows_requiretls) {
        return make_reply(555, "5.5.4", "parameter REQUIRETLS not recognised");
    }
    if (mail.require_tls && !client_.tls) {
        return make_reply(523, "5.7.10", "REQUIRETLS wants TLS here too");  // RFC 8689 section 2
    }
    if (!settings_->dsn_offered && wants_reports(mail)) {
        return make_reply(555, "5.5.4", "parameters RET and ENVID not recognised");
    }
    return std::nullopt;
}

/// RFC 4865 section 4: not beyond what we announce. A time that has passed is now.
Result<std::optional<WallTime>, Reply> ServerSession::release_time(const MailFrom& mail) const {
    using Time = std::optional<WallTime>;
    if (std::holds_alternative<std::monostate>(mail.release)) return Time();
    if (settings_->max_hold.count() == 0) {
        return Err<Reply>{make_reply(555, "5.5.4", "messages are not held here")};
    }
    const auto now = WallClock::now();
    const auto* span = std::get_if<std::chrono::seconds>(&mail.release);
    const WallTime at = span ? now + *span : std::get<WallTime>(mail.release);
    if (at > now + settings_->max_hold) {
        return Err<Reply>{make_reply(501, "5.5.4", "the release time is too far off")};
    }
    return Time(at);
}

awaitable<ServerSession::Next> ServerSession::on(const MailFrom& command) {
    if (auto refusal = check_state_for_mail(command)) co_return refuse(std::move(*refusal));
    const auto release_at = release_time(command);
    if (!release_at) co_return refuse(release_at.error());

    Transaction transaction{command, *release_at, {}};
    auto refusal = co_await policy_->check_mail(client_, transaction);
    if (refusal) co_return refuse(std::move(*refusal));
    transaction_ = std::move(transaction);
    co_return agree("2.1.0", "sender ok");
}

awaitable<ServerSession::Next> ServerSession::on(const RcptTo& command) {
    if (!transaction_) co_return refuse(503, "5.5.1", "MAIL first");
    if (chunked_) co_return refuse(503, "5.5.1", "content has begun already");
    if (!settings_->dsn_offered && wants_reports(command.recipient)) {
        co_return refuse(555, "5.5.4", "parameters NOTIFY and ORCPT not recognised");
    }
    if (command.has_eightbit && !transaction_->mail.smtputf8) {
        co_return refuse(553, "5.6.7", "a non-ASCII address wants SMTPUTF8");
    }
    auto& recipients = transaction_->recipients;
    if (recipients.size() >= settings_->max_recipients) {
        co_return refuse(452, "4.5.3", "too many recipients for one message");
    }
    auto refusal = co_await policy_->check_recipient(client_, *transaction_, command.recipient);
    if (refusal) co_return refuse(std::move(*refusal));
    recipients.push_back(command.recipient);
    co_return agree("2.1.5", "recipient ok");
}

awaitable<ServerSession::Next> ServerSession::on(const Reset&) {
    end_transaction();
    co_return idle_command(make_reply(250, "2.0.0", "reset"));
}

awaitable<ServerSession::Next> ServerSession::on(const Noop&) {
    co_return idle_command(make_reply(250, "2.0.0", "ok"));
}

awaitable<ServerSession::Next> ServerSession::on(const Quit&) {
    channel_.say(make_reply(221, "2.0.0", "goodbye"));
    co_return Next::close;
}

awaitable<ServerSession::Next> ServerSession::on(const Verify&) {
    co_return idle_command(make_reply(252, "2.0.0", "send some mail and it will be tried"));
}

awaitable<ServerSession::Next> ServerSession::on(const Expand&) {
    co_return refuse(502, "5.5.1", "there are no lists here");
}

awaitable<ServerSession::Next> ServerSession::on(const Help&) {
    co_return idle_command(make_reply(214, "2.0.0", "see RFC 5321"));
}

awaitable<ServerSession::Next> ServerSession::on(const HttpRequest&) {
    log::warning("smtp.server", "{}: a web request, hanging up", client_.ip);
    refuse(554, "5.5.1", "this is no web server");
    co_return Next::close;
}

awaitable<ServerSession::Next> ServerSession::on(const StartTls&) {
    if (client_.tls) co_return refuse(503, "5.5.1", "TLS is on already");
    if (!settings_->tls) co_return refuse(502, "5.5.1", "TLS is not offered");
    channel_.say(make_reply(220, "2.0.0", "go ahead"));
    co_await channel_.flush();
    // What followed the command in clear may not come from the peer of the handshake (RFC 3207
    // section 4.2): it is dropped, and so is all that was said before.
    channel_.reader().discard();
    co_await accept_tls();
    end_transaction();
    ServerClient fresh;
    fresh.ip = client_.ip;
    fresh.tls = *stream_->tls_facts();
    client_ = std::move(fresh);
    co_return Next::go_on;
}

awaitable<ServerSession::Next> ServerSession::on(const Auth& command) {
    if (!settings_->auth_offered) co_return refuse(502, "5.5.1", "authentication is not offered");
    if (client_.helo.empty()) co_return refuse(503, "5.5.1", "EHLO first");
    if (!client_.account.empty()) co_return refuse(503, "5.5.1", "authenticated already");
    if (transaction_) co_return refuse(503, "5.5.1", "not within a transaction");
    if (settings_->tls_required && !client_.tls) co_return refuse(530, "5.7.0", "STARTTLS first");
    if (channel_.reader().has_buffered()) {
        // RFC 2920 section 3.1, RFC 4954 section 4: AUTH is the last of its group.
        refuse(503, "5.5.0", "wait for the reply to AUTH");
        co_return Next::close;
    }
    if (settings_->throttle->blocked(client_.ip)) {
        co_return refuse(421, "4.7.0", "too many failed logins, try later");
    }

    auto outcome = co_await authenticate(channel_, command, client_, policy_, auth_pool_);
    using Kind = AuthOutcome::Kind;
    if (outcome.kind == Kind::gone) co_return Next::close;
    if (outcome.kind == Kind::unusable) co_return refuse(std::move(outcome.reply));
    const auto account =
        outcome.kind == Kind::succeeded ? policy_->account_of(outcome.login) : std::nullopt;
    if (!account) {
        auto reply = make_reply(535, "5.7.8", "authentication failed");
        co_return co_await slow_down_and_refuse(std::move(reply));
    }
    settings_->throttle->succeeded(client_.ip);
    client_.account = *account;
    channel_.say(outcome.reply);
    co_return Next::go_on;
}

/// The more failed logins there were, from this address too, the longer the reply takes.
awaitable<ServerSession::Next> ServerSession::slow_down_and_refuse(Reply reply) {
    settings_->throttle->failed(client_.ip);
    const auto delay = std::min(settings_->throttle->delay(client_.ip), settings_->max_auth_delay);
    log::info("smtp.server", "{}: failed login", client_.ip);
    const auto executor = co_await asio::this_coro::executor;
    asio::steady_timer timer(executor, delay);
    asio::error_code ignored;
    co_await timer.async_wait(asio::redirect_error(use_awaitable, ignored));
    const auto next = refuse(std::move(reply));
    if (++auth_failures_ < settings_->max_auth_failures) co_return next;
    co_return refuse(421, "4.7.0", "too many failed logins");
}

}  // namespace outpost::smtp
