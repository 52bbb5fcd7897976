// SPDX-License-Identifier: Apache-2.0
#include "core/delivery/plugin/process/channel.hpp"

#include <asio/post.hpp>
#include <asio/redirect_error.hpp>
#include <asio/write.hpp>

#include <array>
#include <utility>

namespace outpost::plugin_host {

Channel::Channel(Socket socket, std::size_t longest_message)
    : socket_(std::move(socket)), frames_(longest_message) {}

void Channel::send(Frame frame) {
    const std::lock_guard lock(mutex_);
    if (closed_) return;
    waiting_.push_back(std::move(frame));
    if (std::exchange(writing_, true)) return;
    asio::post(socket_.get_executor(), [self = shared_from_this()] { self->write(); });
}

// What has gathered meanwhile goes in one call.
void Channel::write() {
    {
        const std::lock_guard lock(mutex_);
        in_flight_.clear();
        in_flight_.swap(waiting_);
        if (in_flight_.empty() || closed_) {
            writing_ = false;
            return;
        }
    }
    std::vector<asio::const_buffer> buffers;
    for (const Frame& frame : in_flight_) {
        buffers.emplace_back(asio::buffer(frame.head));
        if (!frame.tail.empty()) buffers.emplace_back(frame.tail.data(), frame.tail.size());
    }
    asio::async_write(
        socket_, buffers,
        [self = shared_from_this()](const asio::error_code& error, std::size_t) {
            self->written(static_cast<bool>(error));
        }
    );
}

void Channel::written(bool failed) {
    if (failed) {
        const std::lock_guard lock(mutex_);
        closed_ = true;
        waiting_.clear();
        return;
    }
    write();
}

awaitable<void> Channel::receive(Receiver receiver) {
    const auto self = shared_from_this();
    std::array<char, 64 * 1024> buffer;
    for (;;) {
        asio::error_code error;
        const std::size_t count = co_await socket_.async_read_some(
            asio::buffer(buffer), asio::redirect_error(use_awaitable, error)
        );
        if (error) co_return;
        frames_.feed({buffer.data(), count});
        while (const auto frame = frames_.next())
            receiver(*frame);
    }
}

void Channel::close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    waiting_.clear();
    asio::error_code ignored;
    socket_.close(ignored);
}

}  // namespace outpost::plugin_host
