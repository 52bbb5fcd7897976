// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <sys/stat.h>

#include <filesystem>

namespace outpost::net {

/// A unix-domain socket in the file system: whoever may write to the file may connect.
struct UnixSocket {
    std::filesystem::path path;
    mode_t mode = 0666;  ///< of the file
    bool operator==(const UnixSocket&) const = default;
};

/// The file of a socket that we listen on; removed with its owner, unless another has taken its
/// place meanwhile.
class SocketFile {
  public:
    /// Binds `descriptor`, a unix-domain socket. A file that a dead process left is replaced.
    /// Throws std::system_error, also when another process listens there.
    SocketFile(int descriptor, const UnixSocket& at);
    ~SocketFile();
    SocketFile(const SocketFile&) = delete;
    SocketFile& operator=(const SocketFile&) = delete;

  private:
    std::filesystem::path path_;
    dev_t device_ = 0;
    ino_t inode_ = 0;
};

}  // namespace outpost::net
