// SPDX-License-Identifier: Apache-2.0
#include "core/net/http_client/public_address.hpp"

#include <algorithm>
#include <string_view>
#include <vector>

namespace outpost::http_client {
namespace {

using Networks = std::vector<net::Cidr>;

Networks networks(const std::vector<std::string_view>& texts) {
    Networks parsed;
    for (const std::string_view text : texts)
        parsed.push_back(net::Cidr::parse(text).value());
    return parsed;
}

bool any_contains(const Networks& networks, const net::IpAddress& address) {
    return std::any_of(networks.begin(), networks.end(), [&](const net::Cidr& network) {
        return network.contains(address);
    });
}

/// The IANA IPv4 Special-Purpose Address Registry, multicast, and what is reserved.
const Networks& special_v4() {
    static const Networks list = networks(
        {"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16",
         "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16",
         "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"}
    );
    return list;
}

/// Within 2000::/3: protocol assignments (Teredo, ORCHID, benchmarks), documentation, 6to4.
const Networks& special_v6() {
    static const Networks list = networks({"2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"});
    return list;
}

const net::Cidr& global_unicast_v6() {
    static const net::Cidr network = net::Cidr::parse("2000::/3").value();
    return network;
}

/// RFC 6052: a translator's well-known prefix before an IPv4 address.
const net::Cidr& translated_v4() {
    static const net::Cidr network = net::Cidr::parse("64:ff9b::/96").value();
    return network;
}

net::IpAddress last_four_octets(const net::IpAddress& address) {
    const auto bytes = address.to_v6().to_bytes();
    return asio::ip::address_v4({bytes[12], bytes[13], bytes[14], bytes[15]});
}

}  // namespace

bool is_public(const net::IpAddress& given) {
    const net::IpAddress address = net::without_mapping(given);
    if (address.is_v4()) return !any_contains(special_v4(), address);
    if (translated_v4().contains(address)) return is_public(last_four_octets(address));
    return global_unicast_v6().contains(address) && !any_contains(special_v6(), address);
}

}  // namespace outpost::http_client
