// SPDX-License-Identifier: Apache-2.0
#include "core/server/settings/load.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <fstream>

#include "core/foundation/base/crypto.hpp"
#include "core/foundation/base/encoding.hpp"
#include "core/foundation/config/restart.hpp"
#include "core/foundation/config/schema.hpp"
#include "core/foundation/config/yaml.hpp"
#include "core/server/settings/builtin.hpp"
#include "core/server/settings/cross_checks.hpp"
#include "core/server/settings/settings_types.hpp"

namespace outpost::server {
namespace {

constexpr std::size_t version_digits = 12;
constexpr std::size_t largest_file = 4 * 1024 * 1024;

/// What is there without being written.
void complete(Settings& settings) {
    if (settings.node.empty()) settings.node = settings.hostname;
    for (const auto& kind : policy_kinds())
        settings.policies.try_emplace(kind->key(), kind->default_settings());
    settings.transports.try_emplace("direct", transport_kinds().front().initial);
    for (auto& [name, listener] : settings.listeners) {
        if (!listener.socket.empty()) {
            listener.tls = submission::TlsMode::none;
            listener.auth = submission::AuthMode::none;
        } else if (listener.addresses.empty()) {
            listener.addresses = {asio::ip::address_v4::any(), asio::ip::address_v6::any()};
        }
        if (listener.receive) listener.auth = submission::AuthMode::none;
        listener.max_message_size = listener.largest_message();
    }
}

config::Problems only_problem(const std::string& file, std::string message) {
    config::Problems problems;
    problems.add(
        {config::Severity::error, file, {}, {}, std::move(message), {}, config::Quote::nothing, {}}
    );
    return problems;
}

Result<std::string> read_file(const std::filesystem::path& path) {
    std::error_code error;
    if (std::filesystem::is_directory(path, error)) return Err{std::string("it is a directory")};
    errno = 0;
    std::ifstream file(path, std::ios::binary);
    if (!file) return Err{std::string(std::strerror(errno))};
    std::string text(largest_file + 1, '\0');  // one more than is allowed: the reader then says so
    file.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(file.gcount()));
    return text;
}

Result<Loaded, config::Problems> load_file(const std::filesystem::path& file, bool elsewhere) {
    const auto text = read_file(file);
    if (!text) return Err{only_problem(file.string(), "cannot be read: " + text.error())};
    const auto directory = std::filesystem::absolute(file).parent_path();
    const auto machine =
        elsewhere ? config::Environment::assumed(directory) : config::Environment::real(directory);
    return load_text(*text, file.string(), machine);
}

const config::Type<Settings>& type() {
    static const config::Type<Settings> made = settings_type();
    return made;
}

}  // namespace

Result<Loaded, config::Problems> load_text(
    const std::string& text, const std::string& name, const config::Environment& machine
) {
    config::Source source(name, text);
    config::Problems problems;
    const config::Node root = config::parse_yaml(source, problems, {.octets = largest_file});
    Loaded loaded;
    config::Reader reader(source, machine, problems);
    // After a syntax error the tree is a torso: what it lacks would only be noise.
    if (!problems.has_errors()) {
        type().read(reader, root, loaded.settings);
        complete(loaded.settings);
        Findings findings(source, root, problems);
        cross_check(loaded.settings, findings);
    }
    problems.finish(source);
    if (problems.has_errors()) return Err{std::move(problems)};
    loaded.version =
        hex_encode(crypto::digest(crypto::Hash::sha256, text)).substr(0, version_digits);
    loaded.warnings = std::move(problems);
    return loaded;
}

Result<Loaded, config::Problems> load(const std::filesystem::path& file) {
    return load_file(file, false);
}

namespace {

CheckReport refusal(const std::filesystem::path& file, const config::Problems& problems) {
    const auto errors = problems.count(config::Severity::error),
               warnings = problems.count(config::Severity::warning);
    return {
        false, problems.text() + fmt::format(
                                     "{}: {} error{}, {} warning{}\n", file.string(), errors,
                                     errors == 1 ? "" : "s", warnings, warnings == 1 ? "" : "s"
                                 )
    };
}

}  // namespace

CheckReport check(
    const std::filesystem::path& file, bool elsewhere, const std::filesystem::path& old
) {
    const auto loaded = load_file(file, elsewhere);
    if (!loaded) return refusal(file, loaded.error());
    std::string text =
        loaded->warnings.text() + file.string() + ": ok, version " + loaded->version + "\n";
    if (old.empty()) return {true, text};
    const auto before = load_file(old, elsewhere);
    if (!before) return refusal(old, before.error());
    for (const auto& key : needs_restart(before->settings, loaded->settings))
        text += restart_notice(key) + "\n";
    return {true, text};
}

std::vector<std::string> needs_restart(const Settings& old, const Settings& next) {
    return config::needs_restart(type(), old, next);
}

std::string restart_notice(const std::string& key) {
    return key + ": in effect after a restart";
}

std::vector<config::KeyInfo> all_keys() {
    return config::all_keys(type());
}

std::string schema_text() {
    return config::schema_text(type(), "Outpost configuration");
}

std::string reference_text() {
    const std::string introduction =
        "# Configuration reference\n\n"
        "Generated by `outpost config reference` from the code that reads the file; do not "
        "edit.\n\n"
        "The file is YAML. Unknown keys are errors. `outpost config check FILE` tells all that is "
        "wrong with it, "
        "`outpost config show FILE` the values in effect, and `outpost config schema` prints a "
        "JSON Schema for editors. "
        "Relative paths start at the directory of the file.\n\n"
        "- **duration**: `90s`, `5m`, `1h30m`, `5d`; units `ms`, `s`, `m`, `h`, `d`, `w`; a plain "
        "number counts seconds.\n"
        "- **size**: octets, or `64KiB`, `10MiB`, `1GiB` (powers of 1024), `KB`, `MB`, `GB` "
        "(powers of 1000).\n"
        "- **secret**: the text itself, `{file: PATH}` or `{env: NAME}`.\n"
        "- **range**: `3..` (at least), `..5` (at most), `2..4`, `3`.\n"
        "- Where a list is expected, a single value will do.\n"
        "- At SIGHUP the server reads the file again, and what has changed is in effect; but for "
        "the keys of which this page says that a change takes effect after a restart. The log "
        "names those that have changed, and so does `outpost config check NEW --old OLD`.\n\n";
    return config::reference_page(type(), introduction);
}

std::string show(const Settings& settings) {
    return config::to_yaml(type(), settings);
}

}  // namespace outpost::server
