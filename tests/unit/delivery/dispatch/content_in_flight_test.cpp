// SPDX-License-Identifier: Apache-2.0
#include "core/delivery/dispatch/content_in_flight.hpp"

#include <doctest/doctest.h>

using namespace outpost;
using dispatch::ContentInFlight;
using namespace std::chrono_literals;

namespace {

mail::ContentPtr content() {
    return std::make_shared<mail::Content>("\r\n", std::vector<std::string>{"hello\r\n"});
}

}  // namespace

TEST_CASE("content is let go that has been held for long, and no other") {
    ContentInFlight in_flight;
    const SteadyTime start{};
    const auto first = in_flight.hold(content(), start);
    const auto second = in_flight.hold(content(), start + 1s);
    in_flight.let_go(start - 1s);
    CHECK(first->get());
    in_flight.let_go(start);
    CHECK_FALSE(first->get());
    CHECK(second->get());
    in_flight.let_go(start + 1min);
    CHECK_FALSE(second->get());
}

TEST_CASE("who uses content keeps it when it is let go, and nobody has it once a delivery is over"
) {
    ContentInFlight in_flight;
    auto made = content();
    const std::weak_ptr<const mail::Content> watched = made;
    auto held = in_flight.hold(std::move(made), {});
    auto used = held->get();
    in_flight.let_go({});
    CHECK(watched.lock());
    used.reset();
    CHECK_FALSE(watched.lock());

    made = content();
    const std::weak_ptr<const mail::Content> other = made;
    held = in_flight.hold(std::move(made), {});
    held.reset();
    CHECK_FALSE(other.lock());
}
