// SPDX-License-Identifier: Apache-2.0
#include "core/server/node/dns_check.hpp"

#include "core/net/dns/stub_resolver.hpp"
#include "core/net/sockets/own_addresses.hpp"
#include "core/net/sockets/tcp_stream.hpp"

namespace outpost::server {

domain_check::Tools check_tools(const Settings& settings, bool connect) {
    domain_check::Tools tools;
    tools.resolver = dns::make_resolver(settings.dns);
    if (!connect) return tools;
    const auto roots = tls::make_client_context(settings.tls);
    http_client::ClientSettings client;
    client.roots = roots;
    client.resolver = tools.resolver;
    for (const auto& [key, policy] : settings.policies) {
        const auto& networks = policy->allow_networks;
        client.allow_networks.insert(client.allow_networks.end(), networks.begin(), networks.end());
    }
    tools.https = http_client::make_https_client(std::move(client));
    tools.dialer = net::make_direct_dialer(roots);
    return tools;
}

std::vector<net::IpAddress> known_addresses(const Settings& settings) {
    auto addresses = net::own_addresses();
    for (const auto& [name, listener] : settings.listeners) {
        for (const auto& address : listener.addresses) {
            if (!address.is_unspecified()) addresses.push_back(address);
        }
    }
    return addresses;
}

}  // namespace outpost::server
