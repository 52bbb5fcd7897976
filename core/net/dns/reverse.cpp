// SPDX-License-Identifier: Apache-2.0
#include "core/net/dns/reverse.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/foundation/base/encoding.hpp"

namespace outpost::dns {
namespace {

std::string nibbles_reversed(const asio::ip::address_v6& address) {
    const auto raw = address.to_bytes();
    std::string out;
    for (auto octet = raw.rbegin(); octet != raw.rend(); ++octet)
        out += fmt::format("{:x}.{:x}.", *octet & 0xf, *octet >> 4);
    return out;
}

bool has_address(const Answer& answer, const net::IpAddress& address) {
    return std::any_of(answer.records.begin(), answer.records.end(), [&](const Record& record) {
        asio::error_code error;
        return asio::ip::make_address(record.text, error) == address && !error;
    });
}

}  // namespace

std::string reverse_name(const net::IpAddress& address) {
    const auto plain = net::without_mapping(address);
    if (plain.is_v6()) return nibbles_reversed(plain.to_v6()) + "ip6.arpa";
    const auto raw = plain.to_v4().to_bytes();
    return fmt::format("{}.{}.{}.{}.in-addr.arpa", raw[3], raw[2], raw[1], raw[0]);
}

awaitable<ConfirmedNames> confirmed_names(
    net::IpAddress address, Resolver& resolver, Deadline deadline
) {
    ConfirmedNames found;
    address = net::without_mapping(address);
    Question reverse{reverse_name(address), Type::ptr};
    const auto pointers = co_await resolver.query(std::move(reverse), deadline);
    if (!pointers) {
        found.failure = pointers.error();
        co_return found;
    }
    found.claimed = !pointers->records.empty();
    const auto count = std::min(pointers->records.size(), most_reverse_names);
    for (std::size_t i = 0; i < count; ++i) {
        const auto name = to_lower(pointers->records[i].text);
        if (name.empty()) continue;
        Question forward{name, address.is_v4() ? Type::a : Type::aaaa};
        const auto addresses = co_await resolver.query(std::move(forward), deadline);
        if (!addresses) {
            if (!found.failure) found.failure = addresses.error();
        } else if (has_address(*addresses, address)) {
            found.names.push_back(name);
        }
    }
    co_return found;
}

}  // namespace outpost::dns
