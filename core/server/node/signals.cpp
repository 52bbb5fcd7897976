// SPDX-License-Identifier: Apache-2.0
#include "core/server/node/signals.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace outpost::server {
namespace {

// A handler may do next to nothing, but it may write to a pipe.
std::array<int, 2> signal_pipe{-1, -1};

void on_signal(int number) {
    const int saved = errno;
    const auto byte = static_cast<char>(number);
    [[maybe_unused]] const auto written = ::write(signal_pipe[1], &byte, 1);
    errno = saved;
}

}  // namespace

Signals::Signals() {
    if (::pipe2(signal_pipe.data(), O_CLOEXEC | O_NONBLOCK) != 0) {
        throw std::system_error(errno, std::generic_category(), "a pipe for signals");
    }
    ::signal(SIGPIPE, SIG_IGN);
    struct sigaction action{};
    action.sa_handler = on_signal;
    action.sa_flags = SA_RESTART;
    for (std::size_t i = 0; i < taken.size(); ++i)
        ::sigaction(taken[i], &action, &before_[i]);
}

Signals::~Signals() {
    for (std::size_t i = 0; i < taken.size(); ++i)
        ::sigaction(taken[i], &before_[i], nullptr);
    for (int& end : signal_pipe) {
        ::close(end);
        end = -1;
    }
}

Signals::Event Signals::wait(std::chrono::milliseconds patience) {
    pollfd readable{signal_pipe[0], POLLIN, 0};
    ::poll(&readable, 1, static_cast<int>(patience.count()));
    char number = 0;
    if (::read(signal_pipe[0], &number, 1) != 1) return Event::none;
    return number == SIGHUP ? Event::reload : Event::stop;
}

void Signals::let_stop_kill() {
    for (const int number : {SIGTERM, SIGINT})
        ::signal(number, SIG_DFL);
}

}  // namespace outpost::server
