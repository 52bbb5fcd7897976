// SPDX-License-Identifier: Apache-2.0
#include "core/server/node/systemd.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <string>

namespace outpost::server {
namespace {

std::optional<long long> number_in(const char* variable) noexcept {
    const char* text = std::getenv(variable);
    if (text == nullptr) return std::nullopt;
    char* end = nullptr;
    const auto number = std::strtoll(text, &end, 10);
    if (end == text || *end != '\0' || number <= 0) return std::nullopt;
    return number;
}

}  // namespace

void notify_service_manager(std::string_view state) noexcept {
    const char* path = std::getenv("NOTIFY_SOCKET");
    if (path == nullptr || (*path != '/' && *path != '@')) return;
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const auto length = std::strlen(path);
    if (length >= sizeof(address.sun_path)) return;
    std::memcpy(address.sun_path, path, length);
    if (*path == '@') address.sun_path[0] = '\0';  // the abstract name space
    const int socket = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (socket < 0) return;
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + length);
    ::sendto(
        socket, state.data(), state.size(), MSG_NOSIGNAL,
        reinterpret_cast<const sockaddr*>(&address), size
    );
    ::close(socket);
}

std::optional<std::chrono::milliseconds> watchdog_interval() noexcept {
    const auto microseconds = number_in("WATCHDOG_USEC");
    if (!microseconds) return std::nullopt;
    const auto pid = number_in("WATCHDOG_PID");
    if (pid && *pid != ::getpid()) return std::nullopt;
    return std::chrono::milliseconds(*microseconds / 2000);
}

}  // namespace outpost::server
