// SPDX-License-Identifier: Apache-2.0
#include <stdexcept>

#include "core/delivery/plugin/sdk/abi.hpp"

static void attach(outpost::plugin::Registrar& registrar) {
    registrar.transport("half", [](const std::string&, const outpost::plugin::Options&) {
        return outpost::Result<outpost::delivery::TransportPtr>(nullptr);
    });
    throw std::runtime_error("no more today");
}
OUTPOST_PLUGIN("throws", "1", attach)
