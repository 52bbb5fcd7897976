// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <filesystem>
#include <functional>

#include "core/server/settings/load.hpp"

namespace outpost::server {

/// Logs each problem with its place, the line of the file and a caret.
void log_problems(const config::Problems& problems);

/// Reads the file and hands it to `apply`. Returns false, having logged why, when the file has
/// errors or `apply` throws: what runs goes on as it was.
bool reload(const std::filesystem::path& file, const std::function<void(Loaded)>& apply);

}  // namespace outpost::server
