// SPDX-License-Identifier: Apache-2.0
#include "core/net/sockets/unix_socket.hpp"

#include <asio/io_context.hpp>
#include <asio/local/stream_protocol.hpp>

#include <system_error>

namespace outpost::net {
namespace {

using Local = asio::local::stream_protocol;

[[noreturn]] void fail() {
    throw std::system_error(errno, std::generic_category());
}

/// Removes a socket file without a listener: a process that was killed leaves one.
void remove_if_dead(const std::filesystem::path& path) {
    if (!std::filesystem::is_socket(std::filesystem::symlink_status(path))) return;
    asio::io_context here;
    asio::error_code refused;
    Local::socket(here).connect(Local::endpoint(path.string()), refused);
    if (refused == asio::error::connection_refused) std::filesystem::remove(path);
}

}  // namespace

SocketFile::SocketFile(int descriptor, const UnixSocket& at) : path_(at.path) {
    remove_if_dead(path_);
    const Local::endpoint endpoint(path_.string());
    // The file begins with the mode of the descriptor, so that nobody can connect before chmod.
    if (fchmod(descriptor, 0600) != 0) fail();
    if (bind(descriptor, endpoint.data(), static_cast<socklen_t>(endpoint.size())) != 0) fail();
    if (chmod(path_.c_str(), at.mode) != 0) fail();
    struct stat file{};
    if (stat(path_.c_str(), &file) != 0) fail();
    device_ = file.st_dev;
    inode_ = file.st_ino;
}

SocketFile::~SocketFile() {
    struct stat file{};
    const bool ours =
        lstat(path_.c_str(), &file) == 0 && file.st_dev == device_ && file.st_ino == inode_;
    std::error_code ignored;
    if (ours) std::filesystem::remove(path_, ignored);
}

}  // namespace outpost::net
