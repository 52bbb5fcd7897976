// SPDX-License-Identifier: Apache-2.0
// The session's frame: greeting, command loop, bounds, end. Commands are in server_commands.cpp,
// content in server_content.cpp.
#include "core/mail/smtp/server_session.hpp"

#include <fmt/format.h>

#include <exception>
#include <system_error>
#include <utility>

#include "core/foundation/base/encoding.hpp"
#include "core/foundation/base/log.hpp"
#include "core/mail/smtp/server_auth.hpp"
#include "core/mail/smtp/server_reply.hpp"
#include "core/net/sockets/tls_error.hpp"

namespace outpost::smtp {
namespace {

/// Longest command line with its CRLF (RFC 5321 section 4.5.3.1.4), and what parameters may add.
std::size_t max_line_of(std::string_view line) {
    const auto verb = line.substr(0, line.find(' '));
    if (iequals(verb, "AUTH")) return max_auth_line;
    if (iequals(verb, "MAIL") || iequals(verb, "RCPT")) return 2048;
    return 512;
}

/// Temporary refusals before a session ends. An honest client with a long list may send it all at
/// once, and keeps the recipients that were accepted only if the session goes on to DATA.
std::size_t most_postponed(const ServerSettings& settings) {
    return 10 * settings.max_recipients + settings.max_errors;
}

constexpr Duration farewell_timeout = std::chrono::seconds(5);

}  // namespace

ServerSession::ServerSession(
    std::unique_ptr<net::ServerStream> stream, std::shared_ptr<const ServerSettings> settings,
    std::shared_ptr<ServerPolicy> policy, asio::thread_pool& auth_pool
)
    : stream_(std::move(stream)),
      settings_(std::move(settings)),
      policy_(std::move(policy)),
      auth_pool_(auth_pool),
      channel_(*stream_, settings_->idle_timeout, Deadline::in(settings_->session_timeout)) {
    client_.ip = stream_->remote_ip();
}

awaitable<void> ServerSession::run() {
    std::optional<Reply> farewell;
    try {
        co_await converse();
    } catch (const std::system_error& error) {
        log::debug("smtp.server", "{}: {}", client_.ip, error.what());
        // RFC 5321 section 3.8: a server that gives up waiting says so. The client may still
        // listen.
        const bool idle = error.code() == std::errc::timed_out && !shaking_hands_;
        if (idle) farewell = make_reply(421, "4.4.2", settings_->hostname + " waited too long");
    } catch (const net::TlsError& error) {
        log::info("smtp.server", "{}: TLS handshake failed: {}", client_.ip, error.what());
    } catch (const std::exception& error) {
        farewell = make_reply(421, "4.3.0", "internal error, goodbye");
        log::error("smtp.server", "{}: session ended by an error: {}", client_.ip, error.what());
    }
    waiting_ = false;
    if (farewell) co_await say_farewell(std::move(*farewell));
    stream_->close();
}

/// A last reply to a client that may no longer listen.
awaitable<void> ServerSession::say_farewell(Reply reply) {
    const std::string text = wire(reply);
    try {
        co_await stream_->write(text, Deadline::in(farewell_timeout));
    } catch (const std::exception& error) {
        log::debug("smtp.server", "{}: {}", client_.ip, error.what());
    }
}

awaitable<void> ServerSession::shut_down() {
    stopping_ = true;
    if (!waiting_) co_return;
    auto reply = make_reply(421, "4.3.2", settings_->hostname + " is shutting down");
    co_await say_farewell(std::move(reply));
    stream_->close();  // ends the read that the session waits in
}

awaitable<void> ServerSession::converse() {
    const bool welcome = co_await greet();
    Next next = welcome ? Next::go_on : Next::close;
    while (next == Next::go_on)
        next = co_await next_command();
    co_await channel_.flush();
}

awaitable<bool> ServerSession::greet() {
    if (settings_->implicit_tls) {
        co_await accept_tls();
        client_.tls = *stream_->tls_facts();
    }
    if (const auto refusal = policy_->check_client(client_)) {
        channel_.say(*refusal);
        co_return false;
    }
    channel_.say(make_reply(220, "", settings_->hostname + " ESMTP Outpost"));
    co_return true;
}

awaitable<void> ServerSession::accept_tls() {
    shaking_hands_ = true;
    co_await stream_->accept_tls(settings_->tls, channel_.deadline());
    shaking_hands_ = false;
}

awaitable<ServerSession::Next> ServerSession::next_command() {
    if (errors_ > settings_->max_errors) co_return refuse(421, "4.7.0", "too many errors");
    if (postponed_ > most_postponed(*settings_)) {
        co_return refuse(421, "4.7.0", "too many commands that have to wait");
    }
    if (idle_commands_ > settings_->max_idle_commands) {
        co_return refuse(421, "4.7.0", "too many commands without a message");
    }
    if (!channel_.reader().has_buffered()) co_await channel_.flush();
    if (stopping_) {
        co_return refuse(421, "4.3.2", settings_->hostname + " is shutting down");
    }
    waiting_ = channel_.drained() && !channel_.reader().has_buffered();
    const auto line = co_await channel_.read_line(max_auth_line);
    waiting_ = false;
    co_return co_await obey(line);
}

awaitable<ServerSession::Next> ServerSession::obey(const net::LineReader::Line& line) {
    using Status = net::LineReader::Status;
    if (line.status == Status::end) co_return Next::close;
    if (line.status == Status::bare) {
        // A client that mixes line ends may be smuggling: nothing that follows can be trusted.
        refuse(500, "5.5.2", "CR and LF may only stand together");
        co_return Next::close;
    }
    const bool too_long = line.text.size() + 2 > max_line_of(line.text);
    if (line.status == Status::too_long || too_long) {
        refuse(500, "5.5.2", "line too long");
        co_return after_misread(line.text);
    }
    auto command = parse_command(line.text, settings_->hostname);
    if (!command) {
        refuse(command.error());
        co_return after_misread(line.text);
    }
    auto task = std::visit([this](const auto& known) { return on(known); }, *command);
    co_return co_await std::move(task);
}

/// A chunk of unknown length follows a BDAT that was not understood, and must not be taken for
/// commands.
ServerSession::Next ServerSession::after_misread(std::string_view line) {
    return is_bdat(line) ? Next::close : Next::go_on;
}

ServerSession::Next ServerSession::refuse(Reply reply) {
    ++(reply.permanent() ? errors_ : postponed_);
    const bool last = reply.code == 421;
    channel_.say(reply);
    return last ? Next::close : Next::go_on;
}

ServerSession::Next ServerSession::refuse(int code, std::string_view status, std::string text) {
    return refuse(make_reply(code, status, std::move(text)));
}

ServerSession::Next ServerSession::agree(std::string_view status, std::string text) {
    channel_.say(make_reply(250, status, std::move(text)));
    return Next::go_on;
}

ServerSession::Next ServerSession::idle_command(Reply reply) {
    ++idle_commands_;
    channel_.say(reply);
    return Next::go_on;
}

void ServerSession::end_transaction() {
    transaction_.reset();
    chunked_.reset();
}

}  // namespace outpost::smtp
