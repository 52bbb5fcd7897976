// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <optional>
#include <string>

namespace outpost::http_client {

/// What must be known of a URL before a request.
struct Url {
    std::string host;  ///< a name, A-labels in lower case
    std::uint16_t port = 443;
};

/// None for anything but https with a host name: another scheme, an IP address, a user name.
std::optional<Url> parse_https_url(const std::string& text);

}  // namespace outpost::http_client
