// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <asio/local/stream_protocol.hpp>

#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "core/delivery/plugin/process/frames.hpp"
#include "core/foundation/async/awaitable.hpp"

namespace outpost::plugin_host {

/// One end of the socket between the server and a plugin's process. It lives on the executor of its
/// socket; `send` may be called from any thread.
class Channel : public std::enable_shared_from_this<Channel> {
  public:
    using Socket = asio::local::stream_protocol::socket;
    /// Throws Malformed for what makes no sense.
    using Receiver = std::function<void(const FrameReader::Cut&)>;

    Channel(Socket socket, std::size_t longest_message);

    /// Queues a message; those of one thread arrive in order. After the end nothing happens.
    void send(Frame frame);
    /// Hands what arrives to `receiver` until the other side is gone, or `close`. Throws Malformed.
    awaitable<void> receive(Receiver receiver);
    void close();

  private:
    void write();
    void written(bool failed);

    Socket socket_;
    FrameReader frames_;
    std::vector<Frame> in_flight_;  ///< of the executor; the others are under the mutex
    std::mutex mutex_;
    std::vector<Frame> waiting_;
    bool writing_ = false, closed_ = false;
};

}  // namespace outpost::plugin_host
