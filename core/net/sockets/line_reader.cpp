// SPDX-License-Identifier: Apache-2.0
#include "core/net/sockets/line_reader.hpp"

#include <algorithm>
#include <system_error>

namespace outpost::net {
namespace {

constexpr std::size_t most_skipped = 64 * 1024;

/// A line as it came, up to and with its LF: strips the CRLF and looks for a CR or LF that stands
/// alone.
LineReader::Line judge(std::string raw) {
    if (raw.size() < 2 || raw[raw.size() - 2] != '\r') {
        raw.pop_back();
        return {LineReader::Status::bare, std::move(raw)};
    }
    raw.resize(raw.size() - 2);
    const bool stray = raw.find('\r') != std::string::npos;
    return {stray ? LineReader::Status::bare : LineReader::Status::line, std::move(raw)};
}

}  // namespace

awaitable<std::string_view> LineReader::peek(std::size_t size, Deadline deadline) {
    if (begin_ == end_) {
        begin_ = end_ = 0;
        if (buffer_.size() != size) buffer_ = std::string(size, '\0');
        const std::span<char> room(buffer_);
        end_ = co_await stream_.read_some(room, deadline);
    }
    co_return std::string_view(buffer_).substr(begin_, end_ - begin_);
}

void LineReader::consume(std::size_t count) {
    begin_ += count;
}

awaitable<LineReader::Line> LineReader::read_line(std::size_t limit, Deadline deadline) {
    std::string line;
    std::size_t length = 0;  // of the whole line, also of what is not kept
    for (;;) {
        const std::string_view waiting = co_await peek(sizes_.line, deadline);
        if (waiting.empty()) co_return Line{Status::end, std::move(line)};
        const auto feed = waiting.find('\n');
        const std::size_t taken = feed == waiting.npos ? waiting.size() : feed + 1;
        length += taken;
        line.append(waiting.substr(0, std::min(taken, limit - line.size())));
        consume(taken);
        if (feed != std::string_view::npos) break;
        if (length > limit + most_skipped) {
            throw std::system_error(
                std::make_error_code(std::errc::protocol_error), "the peer's line has no end"
            );
        }
    }
    if (length > limit) co_return Line{Status::too_long, std::move(line)};
    co_return judge(std::move(line));
}

}  // namespace outpost::net
