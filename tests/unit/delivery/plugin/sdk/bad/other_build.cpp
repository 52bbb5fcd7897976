// SPDX-License-Identifier: Apache-2.0
// Built by "another compiler"; would crash the server if it were attached.
#include <cstdlib>

#include "core/delivery/plugin/sdk/abi.hpp"

#undef OUTPOST_BUILD_ID
#define OUTPOST_BUILD_ID "Some Compiler 1.0"
static void attach(outpost::plugin::Registrar&) {
    std::abort();
}
OUTPOST_PLUGIN("other build", "1", attach)
