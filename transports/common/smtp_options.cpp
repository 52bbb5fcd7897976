// SPDX-License-Identifier: Apache-2.0
#include "transports/common/smtp_options.hpp"

namespace outpost::transports {

using config::Node;
using config::Reader;
using delivery::values::ip_address;

config::Type<net::IpAddress> source_address(Family family) {
    const bool v6 = family == Family::v6;
    const auto any = ip_address();
    const auto read = [any, v6](Reader& reader, const Node& node, net::IpAddress& value) {
        net::IpAddress got;
        any.read(reader, node, got);
        if (got.is_unspecified()) return;
        if (got.is_v6() == v6) {
            value = got;
        } else {
            reader.error(node.at, v6 ? "is not an IPv6 address" : "is not an IPv4 address");
        }
    };
    return config::custom<net::IpAddress>(
        any.schema().with_title(v6 ? "IPv6 address" : "IPv4 address"), read,
        [](const net::IpAddress& value) {
            return value.is_unspecified() ? std::string() : value.to_string();
        }
    );
}

}  // namespace outpost::transports
