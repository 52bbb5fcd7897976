// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <cstdlib>
#include <iostream>

#include "core/cli/commands.hpp"

namespace outpost::cli {

std::filesystem::path config_file(const std::string& named) {
    if (!named.empty()) return named;
    const char* from_environment = std::getenv("OUTPOST_CONFIG");
    return from_environment != nullptr && *from_environment != '\0' ? from_environment
                                                                    : "/etc/outpost/outpost.yaml";
}

std::optional<server::Loaded> load_or_complain(const std::filesystem::path& file) {
    auto loaded = server::load(file);
    if (!loaded) {
        std::cerr << loaded.error().text();
        return std::nullopt;
    }
    std::cerr << loaded->warnings.text();
    log::set_level(loaded->settings.log_level);
    return std::move(*loaded);
}

std::optional<std::string> domain_or_complain(const char* command, const std::string& text) {
    if (text.empty()) return std::string();
    const auto domain = dns::Domain::parse(text);
    if (domain) return domain->ascii();
    std::cerr << "outpost " << command << ": '" << text << "' is no domain\n";
    return std::nullopt;
}

std::filesystem::path local_directory(const std::string& named) {
    if (!named.empty()) return std::filesystem::absolute(named);
    if (geteuid() == 0) return "/var/lib/outpost-local";
    const char* data = std::getenv("XDG_DATA_HOME");
    if (data != nullptr && *data != '\0') return std::filesystem::path(data) / "outpost-local";
    const char* home = std::getenv("HOME");
    return std::filesystem::path(home != nullptr ? home : ".") / ".local" / "share" /
           "outpost-local";
}

}  // namespace outpost::cli
