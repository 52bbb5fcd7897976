// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <chrono>
#include <string>

#include "core/delivery/interface/rate.hpp"
#include "core/delivery/modules/values.hpp"
#include "core/net/sockets/endpoint.hpp"

namespace outpost::transports {

/// What every transport that speaks SMTP has.
struct SmtpOptions {
    std::string ehlo_name;                ///< empty: the node's host name
    net::IpAddress source_v4, source_v6;  ///< bound to before connecting, where not unspecified
    std::size_t max_connections = 0;      ///< at once, in all; 0: as the dispatcher allows
    delivery::Rate rate;                  ///< messages in all; unset: as the dispatcher allows
    std::size_t max_idle_per_host = 10;   ///< unused connections kept open to one host
    std::size_t max_messages_per_connection = 100;
    std::chrono::seconds idle_timeout{30};  ///< an unused connection is kept so long
    std::chrono::seconds connect_timeout{30};
};

enum class Family { v4, v6 };
/// An address of one family; the unspecified one stands for none.
config::Type<net::IpAddress> source_address(Family family);

/// Adds the keys of SmtpOptions; `smtp` finds them in a T.
template <class T, class Access>
void add_smtp_options(config::Spec<T>& spec, Access smtp) {
    using namespace std::chrono_literals;
    spec.key(
            "ehlo_name", [smtp](T& t) -> auto& { return smtp(t).ehlo_name; },
            delivery::values::host_name(),
            "Name that we call ourselves. Without it: the node's host name."
    )
        .key(
            "source_ipv4", [smtp](T& t) -> auto& { return smtp(t).source_v4; },
            source_address(Family::v4), "Local IPv4 address to connect from."
        )
        .key(
            "source_ipv6", [smtp](T& t) -> auto& { return smtp(t).source_v6; },
            source_address(Family::v6), "Local IPv6 address to connect from."
        )
        .key(
            "max_connections", [smtp](T& t) -> auto& { return smtp(t).max_connections; },
            config::integer<std::size_t>(0, 100'000),
            "Deliveries at once in all, by all nodes together; 0: no limit but those of `limits`."
        )
        .key(
            "rate", [smtp](T& t) -> auto& { return smtp(t).rate; }, delivery::values::rate(),
            "Messages in an interval, by all nodes together. Without it: "
            "`limits.messages_per_transport`."
        )
        .key(
            "max_idle_per_host", [smtp](T& t) -> auto& { return smtp(t).max_idle_per_host; },
            config::integer<std::size_t>(1, 10'000),
            "Unused connections that are kept open to one host, for the next messages."
        )
        .key(
            "max_messages_per_connection",
            [smtp](T& t) -> auto& { return smtp(t).max_messages_per_connection; },
            config::integer<std::size_t>(1, 1'000'000), "A connection is used for so many messages."
        )
        .key(
            "idle_timeout", [smtp](T& t) -> auto& { return smtp(t).idle_timeout; },
            config::duration<std::chrono::seconds>(0s, 10min),
            "An unused connection is kept so long for the next message."
        )
        .key(
            "connect_timeout", [smtp](T& t) -> auto& { return smtp(t).connect_timeout; },
            config::duration<std::chrono::seconds>(1s, 10min), "For opening a connection."
        );
}
}  // namespace outpost::transports
