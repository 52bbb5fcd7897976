// SPDX-License-Identifier: Apache-2.0
#include "transports/builtin.hpp"

#include <stdexcept>

#include "core/net/sockets/tcp_stream.hpp"
#include "transports/direct/direct.hpp"
#include "transports/discard/discard.hpp"
#include "transports/fail/fail.hpp"

namespace outpost::transports {
namespace {

struct Maker {
    const std::string& name;
    const Services& services;

    delivery::TransportPtr operator()(const DirectSettings& settings) const {
        auto dialer = net::make_direct_dialer(
            tls::make_client_context(services.tls), settings.smtp.source_v4, settings.smtp.source_v6
        );
        return make_direct(settings, std::move(dialer), services.policies, services.own);
    }
    delivery::TransportPtr operator()(const SocksSettings& settings) const {
        net::SocksSettings proxy{
            settings.host, settings.port, settings.username, std::string(settings.password.reveal())
        };
        auto dialer =
            net::make_socks_dialer(tls::make_client_context(services.tls), std::move(proxy));
        return make_direct(settings.direct, std::move(dialer), services.policies);
    }
    delivery::TransportPtr operator()(const RelaySettings& settings) const {
        const bool own =
            !settings.tls_files.ca_files.empty() || !settings.tls_files.certificate.empty();
        auto context = tls::make_client_context(own ? settings.tls_files : services.tls);
        auto dialer = net::make_direct_dialer(
            std::move(context), settings.smtp.source_v4, settings.smtp.source_v6
        );
        return make_relay(name, settings, std::move(dialer), services.workers);
    }
    delivery::TransportPtr operator()(const FailSettings& settings) const {
        return make_fail(settings);
    }
    delivery::TransportPtr operator()(const DiscardSettings& settings) const {
        return make_discard(settings);
    }
    delivery::TransportPtr operator()(const PluginSettings&) const {
        throw std::invalid_argument("transport " + name + " is a plugin's");
    }
};

}  // namespace

delivery::TransportPtr make_transport(
    const std::string& name, const TransportSettings& settings, const Services& services
) {
    return std::visit(Maker{name, services}, settings);
}

}  // namespace outpost::transports
