// SPDX-License-Identifier: Apache-2.0
#include <asio/ip/tcp.hpp>
#include <asio/local/stream_protocol.hpp>

#include "core/net/sockets/connect.hpp"
#include "core/net/sockets/tcp_stream.hpp"

namespace outpost::net {
namespace {

using GenericEndpoint = asio::generic::stream_protocol::endpoint;

class DirectDialer final : public Dialer {
  public:
    DirectDialer(tls::ContextPtr client_context, IpAddress source_v4, IpAddress source_v6)
        : client_context_(std::move(client_context)),
          source_v4_(std::move(source_v4)),
          source_v6_(std::move(source_v6)) {}

    awaitable<StreamPtr> dial(const Endpoint& to, Deadline deadline) override {
        const GenericEndpoint target(asio::ip::tcp::endpoint(to.address, to.port));
        auto socket = co_await connect(target, source_for(to.address), deadline);
        co_return make_stream(std::move(socket), client_context_);
    }

    awaitable<StreamPtr> dial_unix(const std::string& path, Deadline deadline) override {
        const GenericEndpoint target{asio::local::stream_protocol::endpoint(path)};
        auto socket = co_await connect(target, GenericEndpoint(), deadline);
        co_return make_stream(std::move(socket), client_context_);
    }

  private:
    GenericEndpoint source_for(const IpAddress& target) const {
        const IpAddress& source = target.is_v4() ? source_v4_ : source_v6_;
        if (source.is_unspecified() || source.is_v4() != target.is_v4()) return {};
        return asio::ip::tcp::endpoint(source, 0);
    }

    tls::ContextPtr client_context_;
    IpAddress source_v4_, source_v6_;
};

}  // namespace

std::shared_ptr<Dialer> make_direct_dialer(
    tls::ContextPtr client_context, IpAddress source_v4, IpAddress source_v6
) {
    return std::make_shared<DirectDialer>(
        std::move(client_context), std::move(source_v4), std::move(source_v6)
    );
}

}  // namespace outpost::net
