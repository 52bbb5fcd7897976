// SPDX-License-Identifier: Apache-2.0
#include "transports/relay/settings.hpp"

namespace outpost::transports {

std::uint16_t RelaySettings::port_in_use() const noexcept {
    if (port != 0) return port;
    switch (kind) {
        case Kind::smtp:
            return 25;
        case Kind::submission:
            return 587;
        case Kind::submissions:
            return 465;
    }
    return 25;
}

delivery::TlsMode RelaySettings::tls_mode() const noexcept {
    if (kind == Kind::submissions) return delivery::TlsMode::implicit;
    switch (tls) {
        case RelayTls::verified:
        case RelayTls::encrypted:
            return delivery::TlsMode::required;
        case RelayTls::opportunistic:
            return delivery::TlsMode::opportunistic;
        case RelayTls::none:
            return delivery::TlsMode::none;
    }
    return delivery::TlsMode::required;
}

}  // namespace outpost::transports
