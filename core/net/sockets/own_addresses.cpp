// SPDX-License-Identifier: Apache-2.0
#include "core/net/sockets/own_addresses.hpp"

#include <ifaddrs.h>
#include <netinet/in.h>

#include <cstring>
#include <optional>

namespace outpost::net {
namespace {

std::optional<IpAddress> address_of(const sockaddr* any) {
    if (any == nullptr) return std::nullopt;
    if (any->sa_family == AF_INET) {
        sockaddr_in v4;
        std::memcpy(&v4, any, sizeof v4);
        return asio::ip::address_v4(ntohl(v4.sin_addr.s_addr));
    }
    if (any->sa_family == AF_INET6) {
        sockaddr_in6 v6;
        std::memcpy(&v6, any, sizeof v6);
        asio::ip::address_v6::bytes_type bytes;
        std::memcpy(bytes.data(), v6.sin6_addr.s6_addr, bytes.size());
        return asio::ip::address_v6(bytes);
    }
    return std::nullopt;
}

}  // namespace

std::vector<IpAddress> own_addresses() {
    std::vector<IpAddress> addresses;
    ifaddrs* first = nullptr;
    if (getifaddrs(&first) != 0) return addresses;
    for (const ifaddrs* one = first; one != nullptr; one = one->ifa_next) {
        if (const auto address = address_of(one->ifa_addr)) addresses.push_back(*address);
    }
    freeifaddrs(first);
    return addresses;
}

std::vector<Endpoint> reachable_at(const IpAddress& address, std::uint16_t port) {
    if (!address.is_unspecified()) return {{address, port}};
    std::vector<Endpoint> endpoints;
    for (const IpAddress& own : own_addresses()) {
        if (own.is_v4() == address.is_v4()) endpoints.push_back({own, port});
    }
    return endpoints;
}

}  // namespace outpost::net
