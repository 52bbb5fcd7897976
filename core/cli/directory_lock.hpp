// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <filesystem>

namespace outpost::cli {

/// Keeps a directory for one process; the system lets go of it when that ends, however it ends.
class DirectoryLock {
  public:
    /// Throws std::runtime_error when another process has it.
    explicit DirectoryLock(const std::filesystem::path& directory);
    ~DirectoryLock();
    DirectoryLock(const DirectoryLock&) = delete;
    DirectoryLock& operator=(const DirectoryLock&) = delete;

  private:
    int descriptor_ = -1;
};

}  // namespace outpost::cli
