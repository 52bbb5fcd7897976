// SPDX-License-Identifier: Apache-2.0
#include "core/cli/directory_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <stdexcept>
#include <system_error>

namespace outpost::cli {

DirectoryLock::DirectoryLock(const std::filesystem::path& directory) {
    descriptor_ = open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor_ < 0)
        throw std::system_error(errno, std::generic_category(), directory.string());
    if (flock(descriptor_, LOCK_EX | LOCK_NB) == 0) return;
    const bool taken = errno == EWOULDBLOCK;
    close(descriptor_);
    if (!taken) throw std::runtime_error("cannot lock " + directory.string());
    throw std::runtime_error(
        "another localserve is running in " + directory.string() +
        ": stop it, or choose another directory with --dir"
    );
}

DirectoryLock::~DirectoryLock() {
    close(descriptor_);
}

}  // namespace outpost::cli
