// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string_view>
#include <vector>

#include "core/net/sockets/endpoint.hpp"

namespace outpost::dns {

/// The name servers of a resolv.conf file's text, in order; 127.0.0.1 where it names none (as
/// resolv.conf(5) has it). Search lists are not for mail (RFC 5321 section 5.1) and are ignored.
std::vector<net::Endpoint> parse_resolv_conf(std::string_view text);
/// Those of /etc/resolv.conf.
std::vector<net::Endpoint> system_servers();

}  // namespace outpost::dns
