// SPDX-License-Identifier: Apache-2.0
#include "core/app/signals.hpp"

#include <ctime>

namespace outpost::app {

Signals::Signals() {
    ::signal(SIGPIPE, SIG_IGN);
    ::sigemptyset(&taken_);
    for (const int number : {SIGTERM, SIGINT, SIGHUP})
        ::sigaddset(&taken_, number);
    ::pthread_sigmask(SIG_BLOCK, &taken_, &before_);
}

Signals::~Signals() {
    ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

Signals::Event Signals::wait(std::chrono::milliseconds patience) {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(patience);
    timespec limit{};
    limit.tv_sec = seconds.count();
    limit.tv_nsec = std::chrono::nanoseconds(patience - seconds).count();
    const int number = ::sigtimedwait(&taken_, nullptr, &limit);
    if (number == SIGHUP) return Event::reload;
    return number == SIGTERM || number == SIGINT ? Event::stop : Event::none;
}

void Signals::let_stop_kill() {
    sigset_t stop;
    ::sigemptyset(&stop);
    for (const int number : {SIGTERM, SIGINT})
        ::sigaddset(&stop, number);
    ::pthread_sigmask(SIG_UNBLOCK, &stop, nullptr);
}

}  // namespace outpost::app
