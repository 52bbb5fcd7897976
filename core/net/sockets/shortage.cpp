// SPDX-License-Identifier: Apache-2.0
#include "core/net/sockets/shortage.hpp"

#include <sys/resource.h>
#include <asio/error.hpp>
#include <asio/steady_timer.hpp>

#include <algorithm>
#include <atomic>
#include <cerrno>

#include "core/foundation/base/log.hpp"

namespace outpost::net {
namespace {

std::atomic<SteadyTime> last_shortage{SteadyTime::min()};

void complain(const std::error_code& error) {
    static std::atomic<std::int64_t> last_minute{-1};
    const auto minute =
        std::chrono::duration_cast<std::chrono::minutes>(SteadyClock::now().time_since_epoch())
            .count();
    if (last_minute.exchange(minute) == minute) return;
    log::warning("net", "connections wait for others to end: {}", error.message());
}

}  // namespace

// By number: Asio's category of system errors does not know all of their meanings.
bool is_shortage(const std::error_code& error) noexcept {
    if (error.category() != asio::error::get_system_category() &&
        error.category() != std::system_category())
        return false;
    switch (error.value()) {
        case EMFILE:
        case ENFILE:
        case ENOBUFS:
        case ENOMEM:
            return true;
        default:
            return false;
    }
}

awaitable<bool> wait_out_shortage(const std::error_code& error, Deadline deadline) {
    complain(error);
    last_shortage = SteadyClock::now();
    if (deadline.passed()) co_return false;
    asio::steady_timer timer(co_await asio::this_coro::executor);
    timer.expires_after(std::chrono::milliseconds(200));
    co_await timer.async_wait(use_awaitable);
    co_return true;
}

bool shortage_now() noexcept {
    constexpr std::chrono::seconds memory{5};
    const SteadyTime last = last_shortage;
    return last != SteadyTime::min() && SteadyClock::now() - last < memory;
}

bool is_reserved(int descriptor) noexcept {
    constexpr rlim_t reserve = 32;
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return false;
    const auto usable = limit.rlim_cur - std::min(reserve, limit.rlim_cur / 8);
    return static_cast<rlim_t>(descriptor) >= usable;
}

}  // namespace outpost::net
