// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <chrono>
#include <cstdint>
#include <string>

#include "core/delivery/plugin/sdk/abi.hpp"
#include "core/foundation/base/result.hpp"
#include "core/net/sockets/endpoint.hpp"

namespace outpost::lmtp {

struct Settings {
    std::string socket;        ///< path of a unix-domain socket; or else:
    net::Endpoint endpoint;    ///< RFC 2033 forbids port 25
    std::string lhlo_name;     ///< empty: as the node calls itself
    bool require_tls = false;  ///< messages with REQUIRETLS may end here
    std::chrono::seconds connect_timeout{30};
    std::chrono::seconds command_timeout{300};
    std::chrono::seconds data_timeout{600};  ///< for the store's replies after the final dot
};

Result<Settings> parse_settings(const plugin::Options& options);

}  // namespace outpost::lmtp
