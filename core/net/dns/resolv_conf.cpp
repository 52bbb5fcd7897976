// SPDX-License-Identifier: Apache-2.0
#include "core/net/dns/resolv_conf.hpp"

#include <fstream>
#include <sstream>

namespace outpost::dns {
namespace {

constexpr std::uint16_t dns_port = 53;
constexpr std::size_t most_servers = 8;

}  // namespace

std::vector<net::Endpoint> parse_resolv_conf(std::string_view text) {
    std::vector<net::Endpoint> servers;
    std::istringstream lines{std::string(text)};
    for (std::string line; std::getline(lines, line) && servers.size() < most_servers;) {
        std::istringstream words(line);
        std::string keyword, address;
        if (!(words >> keyword >> address) || keyword != "nameserver") continue;
        asio::error_code error;
        const auto parsed = asio::ip::make_address(address, error);
        if (!error) servers.push_back({parsed, dns_port});
    }
    if (servers.empty()) servers.push_back({asio::ip::address_v4::loopback(), dns_port});
    return servers;
}

std::vector<net::Endpoint> system_servers() {
    std::ifstream file("/etc/resolv.conf");
    std::ostringstream text;
    text << file.rdbuf();
    return parse_resolv_conf(text.str());
}

}  // namespace outpost::dns
