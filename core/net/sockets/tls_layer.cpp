// SPDX-License-Identifier: Apache-2.0
#include "core/net/sockets/tls_layer.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include <asio/redirect_error.hpp>
#include <asio/ssl/error.hpp>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <new>

namespace outpost::net {
namespace {

int descriptor(BIO* bio) {
    return static_cast<TlsLayer::Socket*>(::BIO_get_data(bio))->native_handle();
}

bool would_block() {
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

int send_some(BIO* bio, const char* data, int size) {
    ::BIO_clear_retry_flags(bio);
    const auto sent = ::send(descriptor(bio), data, static_cast<std::size_t>(size), MSG_NOSIGNAL);
    if (sent < 0 && would_block()) ::BIO_set_retry_write(bio);
    return static_cast<int>(sent);
}

int receive_some(BIO* bio, char* into, int size) {
    ::BIO_clear_retry_flags(bio);
    const auto received = ::recv(descriptor(bio), into, static_cast<std::size_t>(size), 0);
    if (received < 0 && would_block()) ::BIO_set_retry_read(bio);
    if (received == 0) ::BIO_set_flags(bio, BIO_FLAGS_IN_EOF);
    return static_cast<int>(received);
}

long control(BIO* bio, int command, long, void*) {
    if (command == BIO_CTRL_EOF) return ::BIO_test_flags(bio, BIO_FLAGS_IN_EOF) != 0;
    return command == BIO_CTRL_FLUSH ? 1 : 0;  // nothing is held back
}

/// OpenSSL's own socket BIO writes with write(2), which may end the process by SIGPIPE.
const BIO_METHOD* socket_method() {
    static const BIO_METHOD* const method = [] {
        BIO_METHOD* made = ::BIO_meth_new(BIO_TYPE_SOURCE_SINK, "socket");
        if (made == nullptr) throw std::bad_alloc();
        ::BIO_meth_set_write(made, send_some);
        ::BIO_meth_set_read(made, receive_some);
        ::BIO_meth_set_ctrl(made, control);
        return made;
    }();
    return method;
}

int length_of(std::size_t size) {
    return static_cast<int>(std::min<std::size_t>(size, INT_MAX));
}

}  // namespace

TlsLayer::TlsLayer(Socket& socket, asio::ssl::context& context)
    : socket_(socket), ssl_(::SSL_new(context.native_handle()), &::SSL_free) {
    BIO* bio = ssl_ ? ::BIO_new(socket_method()) : nullptr;
    if (bio == nullptr) throw std::bad_alloc();
    ::BIO_set_data(bio, &socket_);
    ::BIO_set_init(bio, 1);
    ::SSL_set_bio(ssl_.get(), bio, bio);
    ::SSL_set_mode(
        ssl_.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                        SSL_MODE_RELEASE_BUFFERS
    );
    socket_.native_non_blocking(true);
}

awaitable<void> TlsLayer::handshake(
    asio::ssl::stream_base::handshake_type role, asio::error_code& error
) {
    const auto shake = role == asio::ssl::stream_base::client ? &::SSL_connect : &::SSL_accept;
    co_await run(shake, error);
}

awaitable<std::size_t> TlsLayer::read_some(std::span<char> into, asio::error_code& error) {
    const auto read = [into](SSL* ssl) {
        return ::SSL_read(ssl, into.data(), length_of(into.size()));
    };
    const int count = co_await run(read, error);
    co_return static_cast<std::size_t>(count);
}

awaitable<void> TlsLayer::write(std::string_view data, asio::error_code& error) {
    while (!data.empty()) {
        const auto write = [data](SSL* ssl) {
            return ::SSL_write(ssl, data.data(), length_of(data.size()));
        };
        const int count = co_await run(write, error);
        if (error) co_return;
        data.remove_prefix(static_cast<std::size_t>(count));
    }
}

/// Repeats the operation until it has done something; returns how much, or 0 and an error.
template <class Operation>
awaitable<int> TlsLayer::run(Operation operation, asio::error_code& error) {
    while (true) {
        // The number of a closed descriptor may be another connection's by now.
        if (!socket_.is_open()) error = asio::error::operation_aborted;
        if (error) co_return 0;
        ::ERR_clear_error();
        errno = 0;
        const int result = operation(ssl_.get());
        if (result > 0) co_return result;
        Socket::wait_type wait{};
        error = why(result, wait);
        if (error) co_return 0;
        co_await socket_.async_wait(wait, asio::redirect_error(use_awaitable, error));
    }
}

asio::error_code TlsLayer::why(int result, Socket::wait_type& wait) const {
    const int system = errno;
    switch (::SSL_get_error(ssl_.get(), result)) {
        case SSL_ERROR_WANT_READ:
            wait = Socket::wait_read;
            return {};
        case SSL_ERROR_WANT_WRITE:
            wait = Socket::wait_write;
            return {};
        case SSL_ERROR_ZERO_RETURN:
            return asio::error::eof;
        case SSL_ERROR_SYSCALL:
            if (system != 0) return {system, asio::error::get_system_category()};
            return asio::ssl::error::stream_truncated;
        default:
            break;
    }
    const unsigned long code = ::ERR_peek_error();
    if (ERR_GET_REASON(code) == SSL_R_UNEXPECTED_EOF_WHILE_READING)
        return asio::ssl::error::stream_truncated;
    return {static_cast<int>(code), asio::error::get_ssl_category()};
}

}  // namespace outpost::net
