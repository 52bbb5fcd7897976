// SPDX-License-Identifier: Apache-2.0
#include "core/net/sockets/tcp_stream.hpp"

#include <asio/buffer.hpp>
#include <asio/redirect_error.hpp>
#include <asio/ssl/error.hpp>
#include <asio/steady_timer.hpp>
#include <asio/write.hpp>

#include <cstring>
#include <optional>

#include "core/net/sockets/tls_error.hpp"
#include "core/net/sockets/tls_layer.hpp"
#include "core/net/tls/alerts.hpp"
#include "core/net/tls/judge.hpp"

namespace outpost::net {
namespace {

using Socket = asio::generic::stream_protocol::socket;

/// The socket and the one timer that ends an operation whose time is over; `timed_out` then says
/// why it ended. Nothing is read after that, but last words can be written unless it was a write
/// that took too long.
class WatchedSocket : public std::enable_shared_from_this<WatchedSocket> {
  public:
    explicit WatchedSocket(Socket opened)
        : socket(std::move(opened)), timer_(socket.get_executor()) {}

    Socket socket;
    bool timed_out = false;

    /// Watches one operation (a read or a write) for its lifetime.
    class Watch {
      public:
        Watch(WatchedSocket& owner, SteadyTime WatchedSocket::* slot, Deadline deadline)
            : owner_(owner), slot_(slot) {
            owner_.*slot_ = deadline.at();
            if (deadline.at() < owner_.armed_for_) owner_.arm(deadline.at());
        }
        ~Watch() { owner_.*slot_ = SteadyTime::max(); }
        Watch(const Watch&) = delete;
        Watch& operator=(const Watch&) = delete;

      private:
        WatchedSocket& owner_;
        SteadyTime WatchedSocket::* slot_;
    };

    SteadyTime read_by = SteadyTime::max();
    SteadyTime write_by = SteadyTime::max();

  private:
    // The timer is not disarmed when an operation ends: most operations end in time, and one that
    // begins later usually has a later deadline. It looks again when it fires.
    void arm(SteadyTime at) {
        armed_for_ = at;
        timer_.expires_at(at);
        timer_.async_wait([weak = weak_from_this(), at](const asio::error_code&) {
            const auto self = weak.lock();
            if (self && self->armed_for_ == at) self->look();
        });
    }
    void look() {
        armed_for_ = SteadyTime::max();
        const SteadyTime now = SteadyClock::now();
        if (write_by <= now) {
            timed_out = true;
            asio::error_code ignored;
            socket.close(ignored);
        } else if (read_by <= now) {
            timed_out = true;
            asio::error_code ignored;
            socket.cancel(ignored);
            // A TLS read may be between two reads of the socket just now: then it goes on.
            arm(now + std::chrono::milliseconds(100));
        } else if (const SteadyTime first = std::min(read_by, write_by);
                   first != SteadyTime::max()) {
            arm(first);
        }
    }

    asio::steady_timer timer_;
    SteadyTime armed_for_ = SteadyTime::max();
};

std::optional<asio::ip::tcp::endpoint> as_tcp(
    const asio::generic::stream_protocol::endpoint& generic
) {
    const int family = generic.protocol().family();
    if (family != AF_INET && family != AF_INET6) return std::nullopt;
    asio::ip::tcp::endpoint endpoint(
        family == AF_INET ? asio::ip::tcp::v4() : asio::ip::tcp::v6(), 0
    );
    std::memcpy(endpoint.data(), generic.data(), std::min(generic.size(), endpoint.capacity()));
    return endpoint;
}

std::string ip_text(const std::optional<asio::ip::tcp::endpoint>& endpoint) {
    return endpoint ? without_mapping(endpoint->address()).to_string() : std::string();
}

class TcpStream final : public ServerStream {
  public:
    TcpStream(Socket socket, tls::ContextPtr client_context)
        : watched_(std::make_shared<WatchedSocket>(std::move(socket))),
          client_context_(std::move(client_context)) {
        asio::error_code ignored;
        const auto remote = as_tcp(watched_->socket.remote_endpoint(ignored));
        const auto local = as_tcp(watched_->socket.local_endpoint(ignored));
        if (remote) watched_->socket.set_option(asio::ip::tcp::no_delay(true), ignored);
        local_ip_ = ip_text(local);
        if (remote) name_remote({remote->address(), remote->port()});
    }
    ~TcpStream() override { close(); }

    void name_remote(const Endpoint& remote) {
        const IpAddress address = without_mapping(remote.address);
        remote_ip_ = address.to_string();
        remote_text_ = Endpoint{address, remote.port}.text();
    }

    /// The far end of a proxy's connection. We do not know the proxy's address there.
    void name_far_end(const Endpoint& remote) {
        name_remote(remote);
        local_ip_.clear();
    }

    awaitable<std::size_t> read_some(std::span<char> into, Deadline deadline) override {
        if (watched_->timed_out) fail_by_timeout();
        const WatchedSocket::Watch watch(*watched_, &WatchedSocket::read_by, deadline);
        asio::error_code error;
        std::size_t count = 0;
        if (tls_) {
            count = co_await tls_->read_some(into, error);
        } else {
            count = co_await watched_->socket.async_read_some(
                asio::buffer(into.data(), into.size()), asio::redirect_error(use_awaitable, error)
            );
        }
        // Only a close_notify ends a TLS stream in order; a bare TCP end may be an attacker's.
        if (error == asio::error::eof && !watched_->timed_out) co_return 0;
        if (error && shook_hands_last_) throw_alert_after();
        check(error);
        shook_hands_last_ = false;
        co_return count;
    }

    awaitable<void> write(std::string_view data, Deadline deadline) override {
        const WatchedSocket::Watch watch(*watched_, &WatchedSocket::write_by, deadline);
        asio::error_code error;
        if (tls_) {
            co_await tls_->write(data, error);
        } else {
            co_await asio::async_write(
                watched_->socket, asio::buffer(data.data(), data.size()),
                asio::redirect_error(use_awaitable, error)
            );
        }
        check(error);
    }

    awaitable<void> start_tls(
        const std::string& server_name, const tls::TlsDemand& demand, Deadline deadline
    ) override {
        if (!client_context_) throw std::logic_error("this stream was made without a TLS context");
        begin_tls(client_context_);
        tls::prepare(tls_->native_handle(), server_name, demand);
        co_await handshake(asio::ssl::stream_base::client, deadline);
        shook_hands_last_ = true;
        auto failure = tls::judge(tls_->native_handle(), server_name, demand, new_facts());
        if (failure && !demand.enforced.ignore_errors) throw TlsError(std::move(*failure));
    }

    awaitable<void> accept_tls(tls::ContextPtr context, Deadline deadline) override {
        begin_tls(std::move(context));
        co_await handshake(asio::ssl::stream_base::server, deadline);
        tls::judge(tls_->native_handle(), {}, {}, new_facts());
    }

    std::vector<tls::CertificateFacts> peer_chain() const override {
        if (!tls_) return {};
        return tls::peer_chain(tls_->native_handle());
    }

    const tls::TlsFacts* tls_facts() const noexcept override { return facts_.get(); }
    std::string remote_text() const override { return remote_text_; }
    std::string remote_ip() const override { return remote_ip_; }
    std::string local_ip() const override { return local_ip_; }
    void close() noexcept override {
        asio::error_code ignored;
        watched_->socket.close(ignored);
    }

  private:
    void begin_tls(tls::ContextPtr context) {
        if (tls_) throw std::logic_error("TLS has been started already");
        context_in_use_ = std::move(context);
        tls_ = std::make_unique<TlsLayer>(watched_->socket, *context_in_use_);
        alerts_.watch(tls_->native_handle());
    }

    tls::TlsFacts& new_facts() { return *(facts_ = std::make_unique<tls::TlsFacts>()); }

    awaitable<void> handshake(asio::ssl::stream_base::handshake_type role, Deadline deadline) {
        const WatchedSocket::Watch watch(*watched_, &WatchedSocket::read_by, deadline);
        asio::error_code error;
        co_await tls_->handshake(role, error);
        // The SMTP server tells a client that we are slow, not TLS.
        const bool ours = role == asio::ssl::stream_base::server;
        if (watched_->timed_out && ours) fail_by_timeout();
        if (error) throw TlsError(tls::handshake_failure(error, alerts_, watched_->timed_out));
    }

    void throw_alert_after() const {
        if (auto failure = tls::alert_after(alerts_)) throw TlsError(std::move(*failure));
    }

    [[noreturn]] static void fail_by_timeout() {
        throw std::system_error(std::make_error_code(std::errc::timed_out));
    }

    void check(const asio::error_code& error) const {
        if (!error) return;
        if (watched_->timed_out) fail_by_timeout();
        if (error == asio::ssl::error::stream_truncated) {
            throw std::system_error(
                std::make_error_code(std::errc::connection_reset), "TLS stream cut off"
            );
        }
        throw std::system_error(error);
    }

    std::shared_ptr<WatchedSocket> watched_;
    tls::ContextPtr client_context_, context_in_use_;
    tls::Alerts alerts_;
    std::unique_ptr<TlsLayer> tls_;
    std::unique_ptr<tls::TlsFacts> facts_;  ///< null: in clear
    bool shook_hands_last_ = false;         ///< nothing was read since our handshake ended
    std::string remote_text_ = "unix socket", remote_ip_, local_ip_;
};

}  // namespace

StreamPtr make_stream(
    asio::generic::stream_protocol::socket socket, tls::ContextPtr client_context,
    std::optional<Endpoint> behind_proxy
) {
    auto stream = std::make_unique<TcpStream>(std::move(socket), std::move(client_context));
    if (behind_proxy) stream->name_far_end(*behind_proxy);
    return stream;
}

std::unique_ptr<ServerStream> make_server_stream(Socket socket) {
    return std::make_unique<TcpStream>(std::move(socket), nullptr);
}

}  // namespace outpost::net
