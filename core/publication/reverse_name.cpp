// SPDX-License-Identifier: Apache-2.0
#include "core/publication/reverse_name.hpp"

#include <fmt/format.h>

namespace outpost::publication {

std::string reverse_name(const net::IpAddress& address) {
    const auto plain = net::without_mapping(address);
    if (plain.is_v4()) {
        const auto octets = plain.to_v4().to_bytes();
        return fmt::format("{}.{}.{}.{}.in-addr.arpa", octets[3], octets[2], octets[1], octets[0]);
    }
    const auto octets = plain.to_v6().to_bytes();
    std::string name;
    for (auto octet = octets.rbegin(); octet != octets.rend(); ++octet)
        name += fmt::format("{:x}.{:x}.", *octet & 0xf, *octet >> 4);
    return name + "ip6.arpa";
}

}  // namespace outpost::publication
