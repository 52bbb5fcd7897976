// SPDX-License-Identifier: Apache-2.0
#include "core/server/node/reload.hpp"

#include <sstream>
#include <utility>

#include "core/foundation/base/log.hpp"

namespace outpost::server {

void log_problems(const config::Problems& problems) {
    for (const auto& problem : problems.list()) {
        const auto level =
            problem.severity == config::Severity::error ? log::Level::error : log::Level::warning;
        std::istringstream lines(problem.text());
        for (std::string line; std::getline(lines, line);)
            log::write(level, "config", line);
    }
}

bool reload(const std::filesystem::path& file, const std::function<void(Loaded)>& apply) {
    auto loaded = load(file);
    if (!loaded) {
        log_problems(loaded.error());
        log::error("config", "{} is not usable; the configuration in effect stays", file.string());
        return false;
    }
    log_problems(loaded->warnings);
    const auto version = loaded->version;
    try {
        apply(std::move(loaded).value());
    } catch (const std::exception& error) {
        log::error("config", "{}; the configuration in effect stays", error.what());
        return false;
    }
    log::info("config", "{} is in effect, version {}", file.string(), version);
    return true;
}

}  // namespace outpost::server
