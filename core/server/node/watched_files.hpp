// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <map>
#include <vector>

#include "core/server/settings/settings.hpp"

namespace outpost::server {

/// Notices when files are written or replaced, also where a symbolic link leads to another file:
/// ACME clients renew certificates without telling anyone. For use by one thread.
class WatchedFiles {
  public:
    /// How often files are looked at.
    explicit WatchedFiles(std::chrono::milliseconds interval = std::chrono::seconds(10))
        : interval_(interval) {}

    /// From now on these, as they are.
    void watch(const std::vector<std::filesystem::path>& files);
    /// Those that are not what they were when they were last looked at; empty, too, while it is too
    /// early to look again. A file that cannot be looked at is one that is not there.
    std::vector<std::filesystem::path> changed();

  private:
    /// Where a file is, how long it is and when it was written; nothing of it stays the same when a
    /// file is replaced.
    struct Look {
        dev_t device = 0;
        ino_t inode = 0;
        off_t size = -1;
        std::chrono::nanoseconds written{};
        bool operator==(const Look&) const = default;
    };
    static Look look_at(const std::filesystem::path& file);

    std::chrono::milliseconds interval_;
    std::chrono::steady_clock::time_point next_look_{};
    std::map<std::filesystem::path, Look> seen_;
};

/// The certificates and keys of all listeners, and of the web server.
std::vector<std::filesystem::path> certificate_files(const Settings& settings);

}  // namespace outpost::server
