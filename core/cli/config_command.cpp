// SPDX-License-Identifier: Apache-2.0
#include <iostream>

#include "core/cli/commands.hpp"

namespace outpost::cli {

int config_check(
    const std::filesystem::path& file, bool elsewhere, const std::filesystem::path& old
) {
    const server::CheckReport report = server::check(file, elsewhere, old);
    (report.ok ? std::cout : std::cerr) << report.text;
    return report.ok ? ok : failed;
}

int config_show(const std::filesystem::path& file) {
    const auto loaded = load_or_complain(file);
    if (!loaded) return config_error;
    std::cout << server::show(loaded->settings);
    return ok;
}

}  // namespace outpost::cli
