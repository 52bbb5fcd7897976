// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <asio/ip/tcp.hpp>
#include <asio/redirect_error.hpp>
#include <asio/steady_timer.hpp>

#include <array>
#include <memory>
#include <stdexcept>
#include <system_error>

#include "core/net/sockets/connect.hpp"
#include "core/net/sockets/tcp_stream.hpp"

namespace outpost::net {
namespace {

using asio::ip::tcp;

constexpr char version = 5;
constexpr unsigned char no_authentication = 0, password_authentication = 2,
                        nothing_acceptable = 0xff;
constexpr unsigned char address_v4 = 1, address_name = 3, address_v6 = 4;

[[noreturn]] void refuse(std::errc code, const std::string& what) {
    throw std::system_error(std::make_error_code(code), "SOCKS proxy: " + what);
}

/// Reads exactly `count` octets: never more, for what follows belongs to the target.
awaitable<std::string> read_exactly(Stream& stream, std::size_t count, Deadline deadline) {
    std::string out(count, '\0');
    for (std::size_t got = 0; got < count;) {
        const std::span<char> room(out.data() + got, count - got);
        const std::size_t n = co_await stream.read_some(room, deadline);
        if (n == 0)
            refuse(
                std::errc::connection_reset, "it closed the connection in the middle of its answer"
            );
        got += n;
    }
    co_return out;
}

unsigned octet(const std::string& bytes, std::size_t at) {
    return static_cast<unsigned char>(bytes[at]);
}

void expect_version(const std::string& answer, char expected) {
    if (answer[0] != expected) {
        refuse(
            std::errc::protocol_error,
            fmt::format("it does not speak SOCKS5 (first octet {:#04x})", octet(answer, 0))
        );
    }
}

/// RFC 1929: user name and password in clear, each at most 255 octets (checked when configured).
awaitable<void> authenticate(Stream& stream, const SocksSettings& settings, Deadline deadline) {
    std::string request(1, '\x01');
    request += static_cast<char>(settings.username.size());
    request += settings.username;
    request += static_cast<char>(settings.password.size());
    request += settings.password;
    co_await stream.write(request, deadline);
    const std::string answer = co_await read_exactly(stream, 2, deadline);
    expect_version(answer, 1);
    if (octet(answer, 1) != 0)
        refuse(std::errc::permission_denied, "it rejected our user name or password");
}

/// RFC 1928 section 3.
awaitable<void> agree_on_method(Stream& stream, const SocksSettings& settings, Deadline deadline) {
    const bool has_password = !settings.username.empty();
    std::string request{
        version, static_cast<char>(has_password ? 2 : 1), static_cast<char>(no_authentication)
    };
    if (has_password) request += static_cast<char>(password_authentication);
    co_await stream.write(request, deadline);
    const std::string answer = co_await read_exactly(stream, 2, deadline);
    expect_version(answer, version);
    const unsigned method = octet(answer, 1);
    if (method == password_authentication && has_password) {
        co_await authenticate(stream, settings, deadline);
    } else if (method == nothing_acceptable) {
        refuse(
            std::errc::permission_denied,
            has_password ? "it accepts neither our password nor none" : "it wants a password"
        );
    } else if (method != no_authentication) {
        refuse(
            std::errc::protocol_error,
            fmt::format("it chose authentication method {}, which we did not offer", method)
        );
    }
}

/// RFC 1928 section 6. The codes tell "the target is away" from "the proxy refuses us".
void check_reply(unsigned code, const Endpoint& to) {
    static constexpr std::array<std::pair<std::errc, const char*>, 9> meanings{{
        {{}, ""},
        {std::errc::io_error, "general failure"},
        {std::errc::permission_denied, "not allowed by its rules"},
        {std::errc::network_unreachable, "network unreachable"},
        {std::errc::host_unreachable, "host unreachable"},
        {std::errc::connection_refused, "connection refused"},
        {std::errc::timed_out, "time to live expired"},
        {std::errc::operation_not_supported, "command not supported"},
        {std::errc::address_family_not_supported, "address type not supported"},
    }};
    if (code == 0) return;
    if (code >= meanings.size())
        refuse(std::errc::protocol_error, fmt::format("{}: unknown answer {}", to.text(), code));
    refuse(meanings[code].first, to.text() + ": " + meanings[code].second);
}

std::string connect_request(const Endpoint& to) {
    std::string request{
        version, 1, 0, static_cast<char>(to.address.is_v4() ? address_v4 : address_v6)
    };
    const auto append = [&](const auto& bytes) { request.append(bytes.begin(), bytes.end()); };
    if (to.address.is_v4()) {
        append(to.address.to_v4().to_bytes());
    } else {
        append(to.address.to_v6().to_bytes());
    }
    request += static_cast<char>(to.port >> 8);
    request += static_cast<char>(to.port & 0xff);
    return request;
}

/// We do not need the bound address in the reply, but its length says where the reply ends.
awaitable<void> skip_bound_address(Stream& stream, unsigned type, Deadline deadline) {
    std::size_t length = 0;
    if (type == address_v4) {
        length = 4;
    } else if (type == address_v6) {
        length = 16;
    } else if (type == address_name) {
        const std::string size = co_await read_exactly(stream, 1, deadline);
        length = octet(size, 0);
    } else {
        refuse(
            std::errc::protocol_error,
            fmt::format("its answer has an unknown address type {}", type)
        );
    }
    co_await read_exactly(stream, length + 2, deadline);
}

awaitable<void> request_connection(Stream& stream, const Endpoint& to, Deadline deadline) {
    const std::string request = connect_request(to);
    co_await stream.write(request, deadline);
    const std::string answer = co_await read_exactly(stream, 4, deadline);
    expect_version(answer, version);
    check_reply(octet(answer, 1), to);
    co_await skip_bound_address(stream, octet(answer, 3), deadline);
}

/// Addresses of the proxy. It is the operator's own host, so its name may stand in /etc/hosts: this
/// asks the system, not the DNS.
awaitable<std::vector<IpAddress>> proxy_addresses(const std::string& host, Deadline deadline) {
    asio::error_code error;
    const IpAddress literal = asio::ip::make_address(host, error);
    std::vector<IpAddress> out;
    if (!error) {
        out.push_back(literal);
        co_return out;
    }
    const auto resolver = std::make_shared<tcp::resolver>(co_await asio::this_coro::executor);
    asio::steady_timer timer(resolver->get_executor());
    timer.expires_at(deadline.at());
    timer.async_wait([weak = std::weak_ptr(resolver)](const asio::error_code& cancelled) {
        const auto held = weak.lock();
        if (held && !cancelled) held->cancel();
    });
    const auto found =
        co_await resolver->async_resolve(host, "", asio::redirect_error(use_awaitable, error));
    if (deadline.passed()) refuse(std::errc::timed_out, "no answer about the address of " + host);
    if (error)
        refuse(
            std::errc::host_unreachable,
            "cannot find the address of " + host + ": " + error.message()
        );
    for (const auto& entry : found)
        out.push_back(entry.endpoint().address());
    co_return out;
}

class SocksDialer final : public Dialer {
  public:
    SocksDialer(tls::ContextPtr client_context, SocksSettings settings)
        : client_context_(std::move(client_context)), settings_(std::move(settings)) {
        if (settings_.username.size() > 255 || settings_.password.size() > 255) {
            throw std::invalid_argument(
                "a SOCKS user name or password has at most 255 octets (RFC 1929)"
            );
        }
        if (settings_.host.empty() || settings_.host.size() > 255)
            throw std::invalid_argument("not a name of a SOCKS proxy");
    }

    awaitable<StreamPtr> dial(const Endpoint& to, Deadline deadline) override {
        auto stream = co_await reach_proxy(to, deadline);
        co_await agree_on_method(*stream, settings_, deadline);
        co_await request_connection(*stream, to, deadline);
        co_return stream;
    }

    awaitable<StreamPtr> dial_unix(const std::string& path, Deadline) override {
        refuse(
            std::errc::operation_not_supported, "cannot reach a unix-domain socket (" + path + ")"
        );
        co_return nullptr;
    }

  private:
    awaitable<StreamPtr> reach_proxy(const Endpoint& to, Deadline deadline) {
        const auto addresses = co_await proxy_addresses(settings_.host, deadline);
        std::exception_ptr last;
        for (const IpAddress& address : addresses) {
            try {
                const asio::generic::stream_protocol::endpoint proxy(
                    tcp::endpoint(address, settings_.port)
                );
                auto socket = co_await connect(proxy, {}, deadline);
                co_return make_stream(std::move(socket), client_context_, to);
            } catch (const std::system_error& error) {
                const std::string where = Endpoint{address, settings_.port}.text();
                last =
                    std::make_exception_ptr(std::system_error(error.code(), "SOCKS proxy " + where)
                    );
            }
        }
        if (!last) refuse(std::errc::host_unreachable, settings_.host + " has no address");
        std::rethrow_exception(last);
    }

    tls::ContextPtr client_context_;
    SocksSettings settings_;
};

}  // namespace

std::shared_ptr<Dialer> make_socks_dialer(tls::ContextPtr client_context, SocksSettings settings) {
    return std::make_shared<SocksDialer>(std::move(client_context), std::move(settings));
}

}  // namespace outpost::net
