// SPDX-License-Identifier: Apache-2.0
#include "core/delivery/plugin/process/process.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <system_error>

namespace outpost::plugin_host {
namespace {

void check(int error, const char* what) {
    if (error != 0) throw std::system_error(error, std::generic_category(), what);
}

/// What the child is to do between its birth and the program.
class Preparation {
  public:
    explicit Preparation(int socket) {
        check(posix_spawn_file_actions_init(&files_), "preparing a process");
        posix_spawn_file_actions_addopen(&files_, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
        posix_spawn_file_actions_adddup2(&files_, socket, inherited_socket);
        posix_spawn_file_actions_addclosefrom_np(&files_, inherited_socket + 1);
        check(posix_spawnattr_init(&attributes_), "preparing a process");
        sigset_t none, all;
        sigemptyset(&none);
        sigfillset(&all);
        posix_spawnattr_setsigmask(&attributes_, &none);
        posix_spawnattr_setsigdefault(&attributes_, &all);
        // In a session of its own: what is typed at the server's terminal is for the server alone.
        posix_spawnattr_setflags(
            &attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSID
        );
    }
    ~Preparation() {
        posix_spawn_file_actions_destroy(&files_);
        posix_spawnattr_destroy(&attributes_);
    }
    Preparation(const Preparation&) = delete;
    Preparation& operator=(const Preparation&) = delete;

    posix_spawn_file_actions_t files_;
    posix_spawnattr_t attributes_;
};

std::string describe(int status) {
    if (WIFSIGNALED(status)) {
        const int number = WTERMSIG(status);
        return fmt::format("signal {} ({})", number, ::strsignal(number));
    }
    if (WEXITSTATUS(status) == out_of_memory_status) return "out of memory";
    return fmt::format("exit status {}", WEXITSTATUS(status));
}

}  // namespace

Process::Process(const Program& program, int socket) {
    std::vector<char*> arguments;
    for (const auto& word : program.arguments)
        arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    const Preparation preparation(socket);
    check(
        posix_spawn(
            &id_, program.path.c_str(), &preparation.files_, &preparation.attributes_,
            arguments.data(), environ
        ),
        "a process for the plugin cannot be started"
    );
    descriptor_ = static_cast<int>(::syscall(SYS_pidfd_open, id_, 0));
}

Process::~Process() {
    kill();
    wait();
    if (descriptor_ >= 0) ::close(descriptor_);
}

void Process::kill() noexcept {
    if (ending_.empty()) ::kill(id_, SIGKILL);
}

std::string Process::wait() {
    int status = 0;
    while (ending_.empty()) {
        if (::waitpid(id_, &status, 0) == id_) {
            ending_ = describe(status);
        } else if (errno != EINTR) {
            ending_ = "in a way that is not known";
        }
    }
    return ending_;
}

}  // namespace outpost::plugin_host
