// SPDX-License-Identifier: Apache-2.0
#include "core/cli/new_files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <set>
#include <string_view>
#include <system_error>

namespace outpost::cli {
namespace {

constexpr mode_t directory_mode = 0750;

[[noreturn]] void fail(const std::filesystem::path& path) {
    throw std::system_error(errno, std::generic_category(), path.string());
}

mode_t mode_of(NewFile::Access access) {
    if (access == NewFile::Access::secret) return 0600;
    return access == NewFile::Access::server ? 0640 : 0644;
}

/// An open file that is closed however its use ends.
class Descriptor {
  public:
    Descriptor(const std::filesystem::path& path, int flags, mode_t mode = 0)
        : path_(path), fd_(::open(path.c_str(), flags | O_CLOEXEC, mode)) {
        if (fd_ < 0) fail(path_);
    }
    ~Descriptor() { ::close(fd_); }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;

    void write(std::string_view text) const {
        while (!text.empty()) {
            const ssize_t count = ::write(fd_, text.data(), text.size());
            if (count < 0 && errno == EINTR) continue;
            if (count < 0) fail(path_);
            text.remove_prefix(static_cast<std::size_t>(count));
        }
    }
    void give_to(uid_t user, gid_t group) const {
        if (::fchown(fd_, user, group) != 0) fail(path_);
    }
    /// Whatever umask says.
    void allow(mode_t mode) const {
        if (::fchmod(fd_, mode) != 0) fail(path_);
    }
    void flush() const {
        if (::fsync(fd_) != 0) fail(path_);
    }

  private:
    std::filesystem::path path_;
    int fd_;
};

/// A file under another name until it is complete.
class Draft {
  public:
    explicit Draft(const NewFile& file, const std::optional<FileOwner>& owner)
        : path_(file.path.parent_path() / ("." + file.path.filename().string() + ".new")) {
        const Descriptor out(path_, O_WRONLY | O_CREAT | O_EXCL, 0600);
        try {
            out.write(file.content.reveal());
            if (owner) {
                const bool whole = file.access == NewFile::Access::secret;
                out.give_to(whole ? owner->user : static_cast<uid_t>(-1), owner->group);
            }
            out.allow(mode_of(file.access));
            out.flush();
        } catch (...) {
            ::unlink(path_.c_str());
            throw;
        }
    }
    ~Draft() { ::unlink(path_.c_str()); }
    Draft(const Draft&) = delete;
    Draft& operator=(const Draft&) = delete;

    /// A link, unlike a rename, never takes the place of a file.
    void publish_as(const std::filesystem::path& path) const {
        if (::link(path_.c_str(), path.c_str()) != 0) fail(path);
    }

  private:
    std::filesystem::path path_;
};

}  // namespace

std::vector<std::filesystem::path> existing(const std::vector<NewFile>& files) {
    std::vector<std::filesystem::path> found;
    for (const auto& file : files) {
        struct stat status{};  // a dangling symbolic link is in the way, too
        if (::lstat(file.path.c_str(), &status) == 0) found.push_back(file.path);
    }
    return found;
}

NewFiles::NewFiles(const std::vector<NewFile>& files, std::optional<FileOwner> owner)
    : owner_(owner) {
    try {
        std::set<std::filesystem::path> directories;
        for (const auto& file : files) {
            make_directories(file.path.parent_path());
            make(file);
            directories.insert(file.path.parent_path());
        }
        for (const auto& directory : directories)
            Descriptor(directory, O_RDONLY | O_DIRECTORY).flush();
    } catch (...) {
        remove_all();
        throw;
    }
}

NewFiles::~NewFiles() {
    remove_all();
}

void NewFiles::make_directories(const std::filesystem::path& directory) {
    if (directory.empty() || std::filesystem::is_directory(directory)) return;
    make_directories(directory.parent_path());
    if (::mkdir(directory.c_str(), directory_mode) != 0) fail(directory);
    made_.push_back(directory);
    const Descriptor made(directory, O_RDONLY | O_DIRECTORY);
    if (owner_) made.give_to(static_cast<uid_t>(-1), owner_->group);
    made.allow(directory_mode);
}

void NewFiles::make(const NewFile& file) {
    const Draft draft(file, owner_);
    draft.publish_as(file.path);
    made_.push_back(file.path);
}

void NewFiles::remove_all() noexcept {
    std::error_code ignored;  // a folder in which somebody has put more stays
    for (auto path = made_.rbegin(); path != made_.rend(); ++path)
        std::filesystem::remove(*path, ignored);
    made_.clear();
}

}  // namespace outpost::cli
