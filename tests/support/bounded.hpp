// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>
#include <string>

namespace outpost::test {

/// What hostile input may cost: far more than one pass over it takes, and far less than what
/// recurses, or begins anew, at each octet.
struct Bounds {
    std::size_t stack = 256 * 1024;
    rlim_t cpu_seconds = 10;  ///< of the processor, so that a busy machine changes nothing
};

/// Runs `work` in a process of its own within the bounds. Empty when it came to its end, otherwise
/// how it ended.
inline std::string run_bounded(std::function<void()> work, Bounds bounds = {}) {
    const pid_t child = ::fork();
    if (child == 0) {
        const rlimit cpu{bounds.cpu_seconds, bounds.cpu_seconds + 1}, no_core{0, 0};
        ::setrlimit(RLIMIT_CPU, &cpu);
        ::setrlimit(RLIMIT_CORE, &no_core);
        for (const int number : {SIGSEGV, SIGBUS, SIGXCPU, SIGABRT})
            ::signal(number, SIG_DFL);  // doctest's handlers would report the whole run
        pthread_attr_t attributes;
        pthread_attr_init(&attributes);
        pthread_attr_setstacksize(&attributes, bounds.stack);
        const auto call = [](void* what) -> void* {
            (*static_cast<std::function<void()>*>(what))();
            return nullptr;
        };
        pthread_t thread;
        if (pthread_create(&thread, &attributes, call, &work) != 0) ::_exit(2);
        pthread_join(thread, nullptr);
        ::_exit(0);
    }
    int status = 0;
    if (child < 0 || ::waitpid(child, &status, 0) != child) return "not run";
    if (WIFSIGNALED(status))
        return WTERMSIG(status) == SIGXCPU || WTERMSIG(status) == SIGKILL ? "out of time"
                                                                          : "out of stack";
    return WEXITSTATUS(status) == 0 ? "" : "ended by " + std::to_string(WEXITSTATUS(status));
}

}  // namespace outpost::test
