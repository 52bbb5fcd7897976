// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <filesystem>
#include <string>

namespace outpost::db {

/// The folder that holds PostgreSQL's server programs (initdb, pg_ctl, postgres): the newest
/// installed, or, when `major` is not empty, of that major version ("15"). Throws
/// std::runtime_error naming the package to install when there is none.
std::filesystem::path find_postgres(const std::string& major);

}  // namespace outpost::db
