// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <asio/ip/address.hpp>

#include <cstdint>
#include <string>
#include <string_view>

#include "core/foundation/base/result.hpp"

namespace outpost::net {

using IpAddress = asio::ip::address;

/// An IPv4-mapped IPv6 address as the IPv4 address it stands for; others as they are.
IpAddress without_mapping(const IpAddress& address);

/// An IP address and port, printed as "192.0.2.1:25" or "[2001:db8::1]:25".
struct Endpoint {
    IpAddress address;
    std::uint16_t port = 0;
    static Result<Endpoint> parse(std::string_view text, std::uint16_t default_port);
    std::string text() const;
    bool operator==(const Endpoint&) const = default;
};

/// A network in CIDR form, "192.0.2.0/24" or "2001:db8::/32"; a bare address is its own network.
class Cidr {
  public:
    static Result<Cidr> parse(std::string_view text);
    /// IPv4-mapped IPv6 addresses count as IPv4.
    bool contains(const IpAddress& address) const;
    std::string text() const;

  private:
    IpAddress base_;
    unsigned prefix_ = 0;
};

}  // namespace outpost::net
