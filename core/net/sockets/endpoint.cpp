// SPDX-License-Identifier: Apache-2.0
#include "core/net/sockets/endpoint.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

namespace outpost::net {
namespace {

template <class Number>
std::optional<Number> parse_number(std::string_view text) {
    Number value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || text.empty())
        return std::nullopt;
    return value;
}

std::optional<IpAddress> parse_address(std::string_view text) {
    asio::error_code error;
    const IpAddress address = asio::ip::make_address(std::string(text), error);
    return error ? std::nullopt : std::optional(address);
}

template <class Bytes>
bool same_prefix(const Bytes& a, const Bytes& b, unsigned bits) {
    const std::size_t whole = bits / 8;
    if (!std::equal(a.begin(), a.begin() + static_cast<std::ptrdiff_t>(whole), b.begin()))
        return false;
    const unsigned rest = bits % 8;
    return rest == 0 || ((a[whole] ^ b[whole]) >> (8 - rest)) == 0;
}

}  // namespace

IpAddress without_mapping(const IpAddress& address) {
    if (!address.is_v6() || !address.to_v6().is_v4_mapped()) return address;
    return asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6());
}

Result<Endpoint> Endpoint::parse(std::string_view text, std::uint16_t default_port) {
    const std::string shown = "'" + std::string(text) + "'";
    if (const auto bare = parse_address(text)) return Endpoint{*bare, default_port};
    const auto colon = text.rfind(':');
    if (colon == text.npos) return Err{shown + " is not an IP address"};
    std::string_view host = text.substr(0, colon);
    if (host.size() > 2 && host.front() == '[' && host.back() == ']')
        host = host.substr(1, host.size() - 2);
    const auto address = parse_address(host);
    const auto port = parse_number<std::uint16_t>(text.substr(colon + 1));
    if (!address || !port || *port == 0)
        return Err{shown + " is not an IP address and port, like 192.0.2.1:53 or [2001:db8::1]:53"};
    return Endpoint{*address, *port};
}

std::string Endpoint::text() const {
    const std::string host = address.to_string();
    return (address.is_v6() ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

Result<Cidr> Cidr::parse(std::string_view text) {
    const auto slash = text.find('/');
    const auto base = parse_address(text.substr(0, slash));
    const std::string shown = "'" + std::string(text) + "'";
    if (!base) return Err{shown + " is not a network like 192.0.2.0/24"};
    const unsigned longest = base->is_v6() ? 128 : 32;
    Cidr cidr;
    cidr.base_ = *base;
    cidr.prefix_ = longest;
    if (slash != text.npos) {
        const auto prefix = parse_number<unsigned>(text.substr(slash + 1));
        if (!prefix || *prefix > longest)
            return Err{shown + ": the prefix length is 0 to " + std::to_string(longest)};
        cidr.prefix_ = *prefix;
    }
    return cidr;
}

bool Cidr::contains(const IpAddress& address) const {
    const IpAddress plain = without_mapping(address);
    if (plain.is_v4() != base_.is_v4()) return false;
    return plain.is_v4() ? same_prefix(plain.to_v4().to_bytes(), base_.to_v4().to_bytes(), prefix_)
                         : same_prefix(plain.to_v6().to_bytes(), base_.to_v6().to_bytes(), prefix_);
}

std::string Cidr::text() const {
    return base_.to_string() + "/" + std::to_string(prefix_);
}

}  // namespace outpost::net
