// SPDX-License-Identifier: Apache-2.0
// The configuration file: any octets must end in settings or in problems that can be printed, never
// in a crash, an endless loop or a large allocation.
#include <cstdint>

#include "core/foundation/config/yaml.hpp"
#include "core/server/settings/load.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string text(reinterpret_cast<const char*>(data), size);
    const auto machine = outpost::config::Environment::assumed("/etc/outpost");
    const auto loaded = outpost::server::load_text(text, "fuzz.yaml", machine);
    if (!loaded) {
        if (loaded.error().text().empty()) __builtin_trap();  // refused without a reason
        return 0;
    }
    // What is in effect can be shown, and what is shown is YAML.
    const std::string shown = outpost::server::show(loaded->settings);
    outpost::config::Problems problems;
    outpost::config::parse_yaml(outpost::config::Source("shown.yaml", shown), problems);
    if (problems.has_errors()) __builtin_trap();
    return 0;
}
