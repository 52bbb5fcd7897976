// SPDX-License-Identifier: Apache-2.0
#include "core/mail/smtp/server_channel.hpp"

#include <utility>

#include "core/mail/smtp/server_reply.hpp"

namespace outpost::smtp {
namespace {

constexpr std::size_t max_queued = 16 * 1024;

}  // namespace

void ServerChannel::say(const Reply& reply) {
    out_ += wire(reply);
}

awaitable<void> ServerChannel::flush() {
    if (out_.empty()) co_return;
    const std::string text = std::exchange(out_, {});
    co_await stream_.write(text, deadline());
}

awaitable<net::LineReader::Line> ServerChannel::read_line(std::size_t limit) {
    if (!reader_.has_buffered() || out_.size() > max_queued) co_await flush();
    co_return co_await reader_.read_line(limit, deadline());
}

}  // namespace outpost::smtp
