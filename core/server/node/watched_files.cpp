// SPDX-License-Identifier: Apache-2.0
#include "core/server/node/watched_files.hpp"

#include <sys/stat.h>

namespace outpost::server {

WatchedFiles::Look WatchedFiles::look_at(const std::filesystem::path& file) {
    struct stat found{};
    if (::stat(file.c_str(), &found) != 0) return {};
    return {
        found.st_dev, found.st_ino, found.st_size,
        std::chrono::seconds(found.st_mtim.tv_sec) + std::chrono::nanoseconds(found.st_mtim.tv_nsec)
    };
}

void WatchedFiles::watch(const std::vector<std::filesystem::path>& files) {
    seen_.clear();
    for (const auto& file : files)
        seen_[file] = look_at(file);
    next_look_ = std::chrono::steady_clock::now() + interval_;
}

std::vector<std::filesystem::path> WatchedFiles::changed() {
    const auto now = std::chrono::steady_clock::now();
    if (now < next_look_) return {};
    next_look_ = now + interval_;
    std::vector<std::filesystem::path> changed;
    for (auto& [file, seen] : seen_) {
        const Look look = look_at(file);
        if (look == seen) continue;
        seen = look;
        changed.push_back(file);
    }
    return changed;
}

std::vector<std::filesystem::path> certificate_files(const Settings& settings) {
    std::vector<std::filesystem::path> files;
    const auto add = [&](const tls::ServerSettings& certificate) {
        if (certificate.certificate.empty()) return;
        files.push_back(certificate.certificate);
        files.push_back(certificate.key);
    };
    for (const auto& [name, listener] : settings.listeners)
        add(listener.certificate);
    if (settings.https) add(settings.https->certificate);
    return files;
}

}  // namespace outpost::server
