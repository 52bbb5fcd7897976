// SPDX-License-Identifier: Apache-2.0
#include "core/mail/smtp/chat.hpp"

#include <system_error>

namespace outpost::smtp {
namespace {

constexpr std::size_t longest_reply_line = 2048;  // RFC 5321 asks for 512; real servers write more

void check_line(std::string_view line) {
    if (line.find_first_of(std::string_view("\r\n\0", 3)) != line.npos) {
        throw std::invalid_argument("a command line with CR, LF or NUL in it");
    }
}

}  // namespace

Chat::Chat(net::StreamPtr stream, Deadline deadline, Observer observer)
    : stream_(std::move(stream)),
      reader_(*stream_),
      deadline_(deadline),
      observer_(std::move(observer)) {}

void Chat::adopt(Deadline deadline, Observer observer) {
    deadline_ = deadline;
    observer_ = std::move(observer);
}

std::string Chat::queue(const std::string& line) {
    check_line(line);
    observer_('>', line);
    return line + "\r\n";
}

awaitable<void> Chat::send(std::string line, std::chrono::seconds timeout, std::string shown) {
    check_line(line);
    observer_('>', shown.empty() ? line : shown);
    line += "\r\n";
    co_await stream_->write(line, deadline_.narrowed(timeout));
}

awaitable<void> Chat::send_raw(std::string_view octets, std::chrono::seconds timeout) {
    co_await stream_->write(octets, deadline_.narrowed(timeout));
}

awaitable<Reply> Chat::read_reply(std::chrono::seconds timeout) {
    ReplyParser parser;
    const Deadline by =
        deadline_.narrowed(timeout);  // for the whole reply: a drip feed gains nothing
    for (;;) {
        const net::LineReader::Line line = co_await reader_.read_line(longest_reply_line, by);
        switch (line.status) {
            case net::LineReader::Status::end:
                throw std::system_error(
                    std::make_error_code(std::errc::connection_reset),
                    "the remote closed the connection"
                );
            case net::LineReader::Status::too_long:
                throw ProtocolError("the remote sent a reply line that is too long");
            case net::LineReader::Status::bare:
                throw ProtocolError("the remote sent a reply line with a bare CR or LF");
            case net::LineReader::Status::line:
                break;
        }
        observer_('<', line.text);
        const auto state = parser.feed(line.text);
        if (state == ReplyParser::State::malformed)
            throw ProtocolError("the remote sent a malformed reply: " + parser.error());
        if (state == ReplyParser::State::complete) co_return parser.take();
    }
}

awaitable<Reply> Chat::ask(std::string line, std::chrono::seconds timeout, std::string shown) {
    co_await send(std::move(line), timeout, std::move(shown));
    co_return co_await read_reply(timeout);
}

awaitable<void> Chat::start_tls(
    const std::string& server_name, const tls::TlsDemand& demand, std::chrono::seconds timeout
) {
    if (reader_.has_buffered())
        throw ProtocolError("the remote sent data behind its reply to STARTTLS, in clear");
    co_await stream_->start_tls(server_name, demand, deadline_.narrowed(timeout));
}

}  // namespace outpost::smtp
