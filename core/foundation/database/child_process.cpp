// SPDX-License-Identifier: Apache-2.0
#include "core/foundation/database/child_process.hpp"

#include <fcntl.h>
#include <grp.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <string_view>
#include <system_error>

namespace outpost::db {

namespace {

constexpr std::size_t most_output = 64 * 1024;
constexpr int cannot_start = 127;

[[noreturn]] void fail(const char* what) {
    throw std::system_error(errno, std::generic_category(), what);
}

/// Between fork and exec of a program with threads, only async-signal-safe calls are allowed.
[[noreturn]] void become(
    char* const* arguments, char* const* environment, const Account& account, int output
) {
    ::setsid();
    const int nothing = ::open("/dev/null", O_RDONLY);
    ::dup2(nothing, STDIN_FILENO);
    ::dup2(output, STDOUT_FILENO);
    ::dup2(output, STDERR_FILENO);
    ::close_range(3, ~0U, 0);
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    ::signal(SIGPIPE, SIG_DFL);
    const bool drops = ::geteuid() == 0 && account.user != 0;
    const bool dropped = !drops || (::setgroups(0, nullptr) == 0 && ::setgid(account.group) == 0 &&
                                    ::setuid(account.user) == 0);
    // The working folder may be closed to that account.
    if (dropped && ::chdir("/") == 0) ::execve(arguments[0], arguments, environment);
    ::_exit(cannot_start);
}

std::string read_all(int fd) {
    std::string all;
    char buffer[4096];
    for (;;) {
        const auto count = ::read(fd, buffer, sizeof buffer);
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return all;
        const auto room = most_output - all.size();
        all += std::string_view(buffer, static_cast<std::size_t>(count)).substr(0, room);
    }
}

int wait_for(pid_t child) {
    int status = 0;
    while (::waitpid(child, &status, 0) < 0) {
        if (errno != EINTR) fail("waitpid");
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace

Ended run_program(const std::vector<std::string>& command, const Account& account) {
    std::vector<char*> arguments;
    for (const auto& word : command)
        arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    std::string path = "PATH=/usr/local/bin:/usr/bin:/bin";
    std::string locale = "LC_ALL=C";  // messages we can show as they are
    char* environment[] = {path.data(), locale.data(), nullptr};

    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) fail("pipe");
    const pid_t child = ::fork();
    if (child == 0) become(arguments.data(), environment, account, ends[1]);
    const int error = errno;
    ::close(ends[1]);
    if (child < 0) {
        ::close(ends[0]);
        errno = error;
        fail("fork");
    }
    auto output = read_all(ends[0]);
    ::close(ends[0]);
    return {wait_for(child), std::move(output)};
}

}  // namespace outpost::db
