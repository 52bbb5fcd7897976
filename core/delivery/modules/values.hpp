// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <string>

#include "core/delivery/interface/policy_mode.hpp"
#include "core/delivery/interface/rate.hpp"
#include "core/foundation/config/choice.hpp"
#include "core/mail/message/address.hpp"
#include "core/net/sockets/endpoint.hpp"
#include "core/net/tls/context.hpp"

/// Values of the configuration that several sections, policies and transports share.
namespace outpost::delivery::values {

config::Type<dns::Domain> domain_name();
config::Type<mail::Address> address();
config::Type<std::string> host_name();
/// A domain, or an IP address.
config::Type<std::string> host_or_address();
config::Type<net::IpAddress> ip_address();
config::Type<net::Cidr> network();
config::Type<net::Endpoint> endpoint(std::uint16_t default_port);
/// A number of messages in an interval: `100/1m`.
config::Type<Rate> rate();
/// How a security policy acts: `enforce`, `report` or `off`.
config::Type<PolicyMode> policy_mode();
/// The same for a policy that may be required, too; `doc` says what that means.
config::Type<PolicyMode> policy_mode_or_require(const std::string& doc);
config::KeyRule domain_names();
/// A TCP port; 0 stands for `standard` in the struct and is not to be written.
config::Type<std::uint16_t> port(std::uint16_t standard);
config::Type<tls::ClientSettings> tls_files();

}  // namespace outpost::delivery::values
