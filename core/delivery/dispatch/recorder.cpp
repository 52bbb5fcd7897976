// SPDX-License-Identifier: Apache-2.0
#include "core/delivery/dispatch/recorder.hpp"

#include <asio/steady_timer.hpp>

#include <algorithm>
#include <string>

#include "core/foundation/base/log.hpp"

namespace outpost::dispatch {
namespace {

constexpr std::chrono::milliseconds longest_pause{2'000};

void complain(int round, std::string_view what, const std::string& error) {
    // One line at the first failure, then one for about each minute.
    if (round == 0 || round % 30 == 29)
        log::error("dispatch", "{} waits for the database: {}", what, error);
}

}  // namespace

awaitable<void> Recorder::pause(int round, Deadline deadline) {
    const auto span = std::min(longest_pause, first_pause_ * (1 << std::min(round, 5)));
    asio::steady_timer timer(co_await asio::this_coro::executor, deadline.narrowed(span).at());
    co_await timer.async_wait(use_awaitable);
}

awaitable<void> Recorder::settle(std::vector<queue::Settled> outcomes) {
    if (outcomes.empty()) co_return;
    for (int round = 0;; ++round) {
        std::string failure;
        try {
            const auto recorded = co_await store_.settle(outcomes);
            for (std::size_t i = 0; i < recorded.size() && i < outcomes.size(); ++i) {
                if (recorded[i]) continue;
                const auto& key = outcomes[i].key;
                log::warning(
                    "dispatch",
                    "message={} recipient={} was no longer ours: its outcome is kept as a late one",
                    to_number(key.message), key.number
                );
            }
            if (round > 0) --waiting_;
            co_return;
        } catch (const std::exception& error) {
            failure = error.what();
        }
        if (round == 0) ++waiting_;
        complain(round, "an outcome", failure);
        co_await pause(round, {});
    }
}

awaitable<void> Recorder::give_back(
    std::vector<queue::Lease> leases, std::optional<WallTime> next, Deadline deadline
) {
    if (leases.empty()) co_return;
    for (int round = 0;; ++round) {
        std::string failure;
        try {
            co_await store_.give_back(leases, next);
            co_return;
        } catch (const std::exception& error) {
            failure = error.what();
        }
        complain(round, "giving back leases", failure);
        if (deadline.passed()) co_return;
        co_await pause(round, deadline);
    }
}

}  // namespace outpost::dispatch
