// SPDX-License-Identifier: Apache-2.0
#include "core/foundation/database/postgres_programs.hpp"

#include <charconv>
#include <cstdlib>
#include <stdexcept>
#include <string_view>

#include <fmt/format.h>

namespace outpost::db {

namespace fs = std::filesystem;

namespace {

bool has_server(const fs::path& folder) {
    std::error_code ignored;
    return fs::exists(folder / "initdb", ignored) && fs::exists(folder / "pg_ctl", ignored) &&
           fs::exists(folder / "postgres", ignored);
}

int as_number(const std::string& text) {
    int value = -1;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

/// Debian keeps each major version in a folder of its own, outside PATH.
fs::path newest_packaged() {
    fs::path best;
    int newest = -1;
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator("/usr/lib/postgresql", ignored)) {
        const int version = as_number(entry.path().filename().string());
        if (version <= newest || !has_server(entry.path() / "bin")) continue;
        newest = version;
        best = entry.path() / "bin";
    }
    return best;
}

fs::path in_path() {
    const char* text = std::getenv("PATH");
    std::string_view rest = text ? text : "";
    while (!rest.empty()) {
        const auto colon = rest.find(':');
        const fs::path folder = rest.substr(0, colon);
        if (!folder.empty() && has_server(folder)) return folder;
        rest = colon == std::string_view::npos ? "" : rest.substr(colon + 1);
    }
    return {};
}

}  // namespace

fs::path find_postgres(const std::string& major) {
    if (!major.empty()) {
        const auto folder = fs::path("/usr/lib/postgresql") / major / "bin";
        if (has_server(folder)) return folder;
        if (auto other = in_path(); !other.empty())
            return other;  // it will say so if it does not fit
        throw std::runtime_error(fmt::format(
            "this database was made by PostgreSQL {0}, which is not installed: install the package "
            "postgresql-{0}",
            major
        ));
    }
    if (auto folder = newest_packaged(); !folder.empty()) return folder;
    if (auto folder = in_path(); !folder.empty()) return folder;
    throw std::runtime_error(
        "PostgreSQL's server programs were not found: install the package postgresql"
    );
}

}  // namespace outpost::db
