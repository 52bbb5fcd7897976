// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "core/delivery/dispatch/body_budget.hpp"

using namespace outpost;
using dispatch::BodyBudget;

namespace {

mail::ContentPtr content(std::size_t size) {
    return std::make_shared<mail::Content>(
        "\r\n", std::vector<std::string>{std::string(size - 2, 'x')}
    );
}

constexpr std::uint64_t mib = 1 << 20;

}  // namespace

TEST_CASE("content that waits takes half of the memory at most, and gives it back") {
    BodyBudget memory(1000);
    auto first = memory.keep(content(300));
    REQUIRE(first);
    CHECK(first->size() == 300);
    CHECK_FALSE(memory.keep(content(201)));
    auto second = memory.keep(content(200));
    CHECK(second);
    auto other_user = first;
    first.reset();
    CHECK(memory.used() == 500);
    other_user.reset();
    second.reset();
    CHECK(memory.used() == 0);
}

TEST_CASE("what is read may use all that is left, and one message always has room") {
    BodyBudget memory(1000);
    const auto kept = memory.keep(content(400));
    auto share = memory.reserve(600);
    REQUIRE(share);
    CHECK_FALSE(memory.reserve(1));
    auto read = BodyBudget::charged(content(600), std::move(share));
    CHECK(memory.used() == 1000);
    read.reset();
    CHECK(memory.used() == 400);
    CHECK(memory.reserve(5000));
}

TEST_CASE("large messages leave room to small ones") {
    BodyBudget memory(80 * mib);
    const auto first = memory.reserve(50 * mib);
    REQUIRE(first);
    const auto second = memory.reserve(20 * mib);
    REQUIRE(second);
    CHECK_FALSE(memory.reserve(5 * mib));
    CHECK(memory.reserve(mib / 2));
}

TEST_CASE("who waits for room gets it in order, and a small one need not wait for a large one") {
    asio::io_context loop;
    BodyBudget memory(80 * mib);
    std::string order;
    std::vector<BodyBudget::SharePtr> got;
    const auto want = [&](char name, std::uint64_t size, Deadline deadline) {
        const auto run = [](auto& from, std::uint64_t size, Deadline until, char name, auto& order,
                            auto& got) -> awaitable<void> {
            auto share = co_await from.reserve(size, until);
            order += share ? name : '-';
            if (share) got.push_back(std::move(share));
        };
        asio::co_spawn(loop, run(memory, size, deadline, name, order, got), [](std::exception_ptr) {
        });
    };
    const auto poll = [&] {
        loop.restart();
        loop.poll();
    };
    auto held = memory.reserve(60 * mib);
    want('L', 40 * mib, {});
    want('l', 2 * mib, {});
    want('s', mib / 2, {});
    want('t', 30 * mib, Deadline::in(std::chrono::seconds(-1)));
    poll();
    CHECK(order == "s-");
    CHECK_FALSE(memory.reserve(2 * mib));  // one before it waits
    held.reset();
    poll();
    CHECK(order == "s-Ll");
    got.clear();
    CHECK(memory.used() == 0);
}
