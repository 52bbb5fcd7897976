// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <thread>

#include "core/mail/sasl/token_source.hpp"

namespace outpost::sasl {
namespace {

class FileHandle {
  public:
    explicit FileHandle(int fd) : fd_(fd) {}
    FileHandle(const FileHandle&) = delete;
    FileHandle& operator=(const FileHandle&) = delete;
    ~FileHandle() { close(); }
    int get() const noexcept { return fd_; }
    void close() noexcept {
        if (fd_ >= 0) ::close(fd_);
        fd_ = -1;
    }

  private:
    int fd_;
};

/// A child in a process group of its own, which ends with this object: nothing that it started
/// survives.
class Child {
  public:
    explicit Child(pid_t pid) : pid_(pid) {}
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;
    ~Child() {
        if (pid_ <= 0) return;
        ::kill(-pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
    }
    /// True when it has ended with exit code 0; waits for that until `by`.
    bool succeeded(SteadyTime by) {
        int status = 0;
        while (true) {
            const pid_t ended = ::waitpid(pid_, &status, WNOHANG);
            if (ended == pid_) break;
            if (ended < 0 || SteadyClock::now() >= by) return false;
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
        }
        ::kill(-pid_, SIGKILL);
        pid_ = 0;
        return WIFEXITED(status) && WEXITSTATUS(status) == 0;
    }

  private:
    pid_t pid_;
};

/// Starts the program without a shell, with nothing to read; its output goes to `output`, its
/// standard error to ours. The result is 0 or an errno.
int start(const std::vector<std::string>& command, int output, pid_t& pid) {
    std::vector<char*> arguments;
    for (const auto& argument : command)
        arguments.push_back(const_cast<char*>(argument.c_str()));
    arguments.push_back(nullptr);

    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_init(&files);
    posix_spawnattr_init(&attributes);
    posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&files, output, STDOUT_FILENO);
    sigset_t none;
    sigemptyset(&none);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK);
    const int error =
        posix_spawnp(&pid, arguments[0], &files, &attributes, arguments.data(), environ);
    posix_spawn_file_actions_destroy(&files);
    posix_spawnattr_destroy(&attributes);
    return error;
}

/// Reads to the end; an error in words when it takes too long or too much comes.
Result<std::string> read_all(int fd, SteadyTime by) {
    std::string text;
    char buffer[4096];
    while (true) {
        const auto left =
            std::chrono::duration_cast<std::chrono::milliseconds>(by - SteadyClock::now());
        pollfd waiting{fd, POLLIN, 0};
        if (left.count() <= 0 || ::poll(&waiting, 1, static_cast<int>(left.count())) == 0) {
            return Err{"did not end in time"};
        }
        const ssize_t count = ::read(fd, buffer, sizeof buffer);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return Err{"could not be read from"};
        if (count == 0) return text;
        text.append(buffer, static_cast<std::size_t>(count));
        if (text.size() > max_token_size) return Err{"printed too much"};
    }
}

}  // namespace

Result<TokenSource::Fetched> fetch_from_command(
    const TokenCommand& settings, std::chrono::milliseconds timeout
) {
    if (settings.command.empty()) return Err{"the token command is empty"};
    const auto fail = [&](std::string_view why) {
        return Err{fmt::format("the token command '{}' {}", settings.command.front(), why)};
    };
    const SteadyTime by = SteadyClock::now() + timeout;
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return fail("cannot start: no pipe");
    const FileHandle reading(ends[0]);
    FileHandle writing(ends[1]);
    pid_t pid = 0;
    if (const int error = start(settings.command, writing.get(), pid); error != 0) {
        return fail(fmt::format("cannot start: {}", std::strerror(error)));
    }
    Child child(pid);
    writing.close();
    const auto text = read_all(reading.get(), by);
    if (!text) return fail(text.error());
    if (!child.succeeded(by)) return fail("failed");
    auto token = parse_token(*text);
    if (!token) return fail("printed no token: " + token.error());
    return TokenSource::Fetched{std::move(*token), settings.lifetime};
}

}  // namespace outpost::sasl
