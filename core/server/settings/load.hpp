// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "core/foundation/config/problem.hpp"
#include "core/foundation/config/reader.hpp"
#include "core/foundation/config/type.hpp"
#include "core/server/settings/settings.hpp"

namespace outpost::server {

/// A configuration that can be used, though perhaps with warnings.
struct Loaded {
    Settings settings;
    std::string version;  ///< 12 hex digits of the SHA-256 of the file: recorded with each attempt
    config::Problems warnings;
};

/// Reads, binds and cross-checks. The error has all problems found, errors and warnings. Secrets
/// are read from their files, and other files tried, as `machine` says.
Result<Loaded, config::Problems> load_text(
    const std::string& text, const std::string& name, const config::Environment& machine
);
Result<Loaded, config::Problems> load(const std::filesystem::path& file);

/// What `outpost config check` says and whether it is content: all problems, or "FILE: ok".
struct CheckReport {
    bool ok = false;
    std::string text;
};
/// `elsewhere`: the file is for another machine, so that paths and variables are taken to exist.
/// `old`: the file that a node runs with, if not empty: a line for each key that has changed since
/// and needs a restart.
CheckReport check(
    const std::filesystem::path& file, bool elsewhere = false, const std::filesystem::path& old = {}
);

/// The keys that differ and that take effect after a restart only, by name: "database.lease". What
/// differs besides is in effect once the file has been read again.
std::vector<std::string> needs_restart(const Settings& old, const Settings& next);
/// "database.lease: in effect after a restart"
std::string restart_notice(const std::string& key);
/// Every key that there is.
std::vector<config::KeyInfo> all_keys();

/// The JSON Schema (draft 2020-12) of the configuration file, for editors.
std::string schema_text();
/// The reference of all keys, as Markdown.
std::string reference_text();
/// The values in effect as YAML, defaults included, secrets hidden.
std::string show(const Settings& settings);

}  // namespace outpost::server
