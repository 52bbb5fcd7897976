// SPDX-License-Identifier: Apache-2.0
#include "core/net/dns/security_in_force.hpp"

#include <algorithm>

namespace outpost::dns {

SecurityInForce security_in_force(
    const Settings& settings, const std::vector<net::Endpoint>& servers
) {
    const bool on_loopback = std::all_of(servers.begin(), servers.end(), [](const auto& server) {
        return net::without_mapping(server.address).is_loopback();
    });
    switch (settings.security) {
        case SecurityMode::none:
            break;
        case SecurityMode::validate:
            return {SecurityMode::validate, false, "Outpost validates all answers", false};
        case SecurityMode::trust_ad:
            if (on_loopback || settings.trusted)
                return {
                    SecurityMode::trust_ad, false, "the name servers' AD bit is believed", false
                };
            return {
                SecurityMode::none, false,
                "'security: trust-ad' has no effect: there are name servers that are not on "
                "loopback. No answer is secure, so there is no DANE. Say 'trusted: true' if the "
                "network to them is safe, or 'security: validate'",
                true
            };
        case SecurityMode::automatic:
            if (on_loopback)
                return {
                    SecurityMode::trust_ad, false,
                    "the AD bit of the name servers on loopback is believed", false
                };
            return {
                SecurityMode::validate, true,
                "Outpost validates all answers, if the name servers hand on signatures", false
            };
    }
    return {SecurityMode::none, false, "no answer is secure: no DANE", false};
}

}  // namespace outpost::dns
