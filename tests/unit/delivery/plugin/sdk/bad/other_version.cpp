// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>

#include "core/delivery/plugin/sdk/abi.hpp"

static void attach(outpost::plugin::Registrar&) {
    std::abort();
}
extern "C" const outpost::plugin::Descriptor outpost_plugin;
const outpost::plugin::Descriptor outpost_plugin = {999, nullptr, nullptr, nullptr, attach};
