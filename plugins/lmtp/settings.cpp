// SPDX-License-Identifier: Apache-2.0
#include "plugins/lmtp/settings.hpp"

#include <algorithm>

#include "core/delivery/plugin/sdk/options.hpp"

namespace outpost::lmtp {
namespace {

using std::chrono::hours;

bool is_host_name(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](unsigned char c) {
        return c > 0x20 && c < 0x7f;
    });
}

void read_address(plugin::OptionReader& reader, const std::string& address, Settings& settings) {
    auto endpoint = net::Endpoint::parse(address, 24);
    if (!endpoint) {
        reader.complain("'address' is an IP address and port such as 127.0.0.1:24 or [::1]:24");
        return;
    }
    if (endpoint->port == 25)
        reader.complain("'address' must not be port 25, which is SMTP's (RFC 2033 section 5)");
    settings.endpoint = *endpoint;
}

/// No network lies between us and the store.
bool stays_here(const Settings& settings) {
    return !settings.socket.empty() || settings.endpoint.address.is_loopback();
}

}  // namespace

Result<Settings> parse_settings(const plugin::Options& options) {
    plugin::OptionReader reader(options);
    Settings settings;
    settings.socket = reader.text("socket");
    const std::string address = reader.text("address");
    if (settings.socket.empty() == address.empty()) {
        reader.complain("give either 'socket', a path, or 'address', such as 127.0.0.1:24");
    }
    if (!settings.socket.empty() && settings.socket.front() != '/') {
        reader.complain("'socket' is an absolute path");
    }
    if (!address.empty()) read_address(reader, address, settings);
    settings.lhlo_name = reader.text("lhlo_name");
    if (!is_host_name(settings.lhlo_name)) reader.complain("'lhlo_name' is a host name");
    settings.require_tls = reader.truth("require_tls", settings.require_tls);
    if (settings.require_tls && !stays_here(settings)) {
        reader.complain(
            "'require_tls' is for a store on this machine, by a socket or a loopback address: LMTP "
            "speaks no TLS here"
        );
    }
    settings.connect_timeout = reader.span("connect_timeout", settings.connect_timeout, hours(1));
    settings.command_timeout = reader.span("command_timeout", settings.command_timeout, hours(1));
    settings.data_timeout = reader.span("data_timeout", settings.data_timeout, hours(1));
    if (auto problems = reader.problems()) return Err{std::move(*problems)};
    return settings;
}

}  // namespace outpost::lmtp
