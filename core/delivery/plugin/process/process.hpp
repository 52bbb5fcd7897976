// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <sys/types.h>

#include <string>
#include <vector>

namespace outpost::plugin_host {

/// The descriptor at which a plugin's process finds its end of the socket.
constexpr int inherited_socket = 3;
/// The exit status by which it says that it ran out of memory.
constexpr int out_of_memory_status = 71;

/// How a plugin's process is started: this very program with other arguments.
struct Program {
    std::string path = "/proc/self/exe";
    std::vector<std::string> arguments = {"outpost", "plugin-host"};
};

/// A child process; it is killed and reaped with its owner.
class Process {
  public:
    /// Starts it with `socket` as its inherited_socket and no other descriptor of ours but standard
    /// output and error, in a session of its own. Throws std::system_error.
    Process(const Program& program, int socket);
    ~Process();
    Process(const Process&) = delete;
    Process& operator=(const Process&) = delete;

    /// Becomes readable when the process ends (pidfd_open(2)). Ours; -1 where there is none.
    int ended_descriptor() const noexcept { return descriptor_; }
    pid_t id() const noexcept { return id_; }
    void kill() noexcept;
    /// Waits for the end; "signal 11 (Segmentation fault)", "exit status 3".
    std::string wait();

  private:
    pid_t id_ = -1;
    int descriptor_ = -1;
    std::string ending_;
};

}  // namespace outpost::plugin_host
