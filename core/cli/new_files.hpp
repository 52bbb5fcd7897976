// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/foundation/base/secret.hpp"

namespace outpost::cli {

/// A file that is to be made.
struct NewFile {
    enum class Access {
        everyone,  ///< 0644: certificates, which every client sees
        server,    ///< 0640: read by the server, written by root
        secret     ///< 0600: the server's own, read by nobody else
    };
    std::filesystem::path path;
    Secret content;
    Access access = Access::server;
};

/// Whom the server runs as, when that is not who makes the files.
struct FileOwner {
    uid_t user = 0;
    gid_t group = 0;
};

/// Those of the files, in their order, that are there already in whatever form.
std::vector<std::filesystem::path> existing(const std::vector<NewFile>& files);

/// Makes files, all or none: what it has made goes away with it, folders included, unless it is
/// told to keep them. Each appears with its whole content and its rights at once, and never in the
/// place of another.
class NewFiles {
  public:
    /// Throws std::system_error with the path that is in the way, having made nothing.
    explicit NewFiles(const std::vector<NewFile>& files, std::optional<FileOwner> owner = {});
    ~NewFiles();
    NewFiles(const NewFiles&) = delete;
    NewFiles& operator=(const NewFiles&) = delete;

    void keep() { made_.clear(); }

  private:
    void make_directories(const std::filesystem::path& directory);
    void make(const NewFile& file);
    void remove_all() noexcept;

    std::optional<FileOwner> owner_;
    std::vector<std::filesystem::path> made_;  ///< in the order of their making
};

}  // namespace outpost::cli
