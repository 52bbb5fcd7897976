// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <sys/socket.h>
#include <asio/connect.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/read.hpp>
#include <asio/ssl/context.hpp>
#include <asio/ssl/stream.hpp>
#include <asio/write.hpp>

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace outpost::test {

/// A client that sends exactly the octets it is told, and waits for replies in the calling thread.
/// What does not come within 10 s reads as "".
class BlockingSmtpClient {
  public:
    explicit BlockingSmtpClient(std::uint16_t port) : connection_(std::make_unique<Connection>()) {
        auto& socket = connection_->stream.next_layer();
        socket.connect({asio::ip::address_v4::loopback(), port});
        const timeval limit{10, 0};
        setsockopt(socket.native_handle(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
        socket.set_option(asio::ip::tcp::no_delay(true));
    }

    void send(std::string_view octets) {
        asio::error_code ignored;
        if (tls_) {
            asio::write(connection_->stream, asio::buffer(octets), ignored);
        } else {
            asio::write(connection_->stream.next_layer(), asio::buffer(octets), ignored);
        }
    }
    /// A whole reply, its lines joined by '|'; "" at the end of the connection.
    std::string reply() {
        std::string all;
        while (true) {
            const auto line = read_line();
            if (!line) return {};
            all += (all.empty() ? "" : "|") + *line;
            if (line->size() < 4 || (*line)[3] == ' ') return all;
        }
    }
    /// Sends a line and returns the reply.
    std::string say(std::string_view line) {
        send(std::string(line) + "\r\n");
        return reply();
    }
    void start_tls() {
        connection_->stream.handshake(asio::ssl::stream_base::client);
        tls_ = true;
    }
    /// A handshake that offers one application protocol (RFC 7301); false when it fails.
    bool start_tls_for(std::string_view protocol) {
        const std::string list = static_cast<char>(protocol.size()) + std::string(protocol);
        SSL_set_alpn_protos(
            connection_->stream.native_handle(),
            reinterpret_cast<const unsigned char*>(list.data()), static_cast<unsigned>(list.size())
        );
        asio::error_code failed;
        connection_->stream.handshake(asio::ssl::stream_base::client, failed);
        tls_ = !failed;
        return tls_;
    }
    /// Says that nothing more comes by TLS (close_notify), and goes on in clear.
    void leave_tls() {
        asio::error_code ignored;
        SSL_shutdown(connection_->stream.native_handle());
        // asio keeps what OpenSSL wants sent in a buffer of its own; the next call would send it.
        connection_->stream.write_some(asio::buffer("", 0), ignored);
        tls_ = false;
    }
    SSL* tls_handle() { return connection_->stream.native_handle(); }
    /// Nothing more comes.
    bool at_end() { return buffer_.empty() && !fill(); }
    asio::ip::tcp::socket& socket() { return connection_->stream.next_layer(); }

  private:
    bool fill() {
        char octets[4096];
        asio::error_code error;
        // The raw call honours SO_RCVTIMEO; asio's own would poll for ever.
        if (tls_) {
            const auto got = connection_->stream.read_some(asio::buffer(octets), error);
            buffer_.append(octets, got);
            return !error;
        }
        const auto got =
            ::recv(connection_->stream.next_layer().native_handle(), octets, sizeof octets, 0);
        if (got > 0) buffer_.append(octets, static_cast<std::size_t>(got));
        return got > 0;
    }
    std::optional<std::string> read_line() {
        std::size_t end;
        while ((end = buffer_.find("\r\n")) == std::string::npos) {
            if (!fill()) return std::nullopt;
        }
        std::string line = buffer_.substr(0, end);
        buffer_.erase(0, end + 2);
        return line;
    }

    struct Connection {
        asio::io_context io;
        asio::ssl::context tls{asio::ssl::context::tls_client};
        asio::ssl::stream<asio::ip::tcp::socket> stream{io, tls};
    };
    std::unique_ptr<Connection> connection_;
    bool tls_ = false;
    std::string buffer_;
};

}  // namespace outpost::test
