// SPDX-License-Identifier: Apache-2.0
#include "core/delivery/dispatch/grouping.hpp"

#include <doctest/doctest.h>

#include "tests/unit/delivery/dispatch/fixtures.hpp"

using namespace outpost;
using namespace outpost::dispatch;

namespace {

SnapshotPtr two_transports() {
    auto snapshot = std::make_shared<Snapshot>();
    snapshot->transports["direct"] = {std::make_shared<test::FakeTransport>(true), 0};
    snapshot->transports["relay"] = {std::make_shared<test::FakeTransport>(false), 0};
    return snapshot;
}

std::shared_ptr<const route::Decision> decision(
    std::vector<std::string> transports, std::size_t index = 1
) {
    auto made = std::make_shared<route::Decision>();
    made->list = route::List::global;
    made->index = index;
    made->transports = std::move(transports);
    return made;
}

std::vector<std::size_t> sizes(const std::vector<DeliveryRequest>& requests) {
    std::vector<std::size_t> all;
    for (const auto& request : requests)
        all.push_back(request.claims.size());
    return all;
}

}  // namespace

TEST_CASE("the destination is the domain if any transport delivers per domain, else the relay") {
    const auto snapshot = two_transports();
    const auto bob = test::address("bob@example.org");
    CHECK(
        destination_of(*snapshot, *decision({"direct"}), bob) ==
        DestinationKey{"direct", "example.org"}
    );
    CHECK(destination_of(*snapshot, *decision({"relay"}), bob) == DestinationKey{"relay", ""});
    CHECK(
        destination_of(*snapshot, *decision({"relay", "direct"}), bob) ==
        DestinationKey{"relay", "example.org"}
    );
    CHECK(destination_of(*snapshot, *decision({"gone"}), bob) == DestinationKey{"gone", ""});
    const auto literal = test::address("bob@[192.0.2.1]");
    CHECK(
        destination_of(*snapshot, *decision({"direct"}), literal) ==
        DestinationKey{"direct", "[192.0.2.1]"}
    );
}

TEST_CASE("who has seen a crash is alone in his request") {
    const auto direct = decision({"direct"});
    const auto message = test::message(1);
    std::vector<Routed> routed;
    for (std::int32_t number = 1; number <= 4; ++number) {
        auto claim = test::claimed(message, number, std::to_string(number) + "@x.example");
        claim.crashes = number % 2;
        routed.push_back({std::move(claim), direct});
    }
    CHECK(
        sizes(group(two_transports(), std::move(routed), 100)) == std::vector<std::size_t>{1, 2, 1}
    );
}

TEST_CASE("recipients share a request only when everything about their delivery is the same") {
    const auto snapshot = two_transports();
    const auto direct = decision({"direct"}), relay = decision({"relay"});
    const auto first = test::message(1), second = test::message(2);
    struct Case {
        const char* what;
        std::vector<Routed> routed;
        std::vector<std::size_t> sizes;
    };
    const std::vector<Case> cases = {
        {"same domain",
         {{test::claimed(first, 1, "a@x.example"), direct},
          {test::claimed(first, 2, "b@x.example"), direct}},
         {2}},
        {"two domains",
         {{test::claimed(first, 1, "a@x.example"), direct},
          {test::claimed(first, 2, "b@y.example"), direct}},
         {1, 1}},
        {"two domains, one relay",
         {{test::claimed(first, 1, "a@x.example"), relay},
          {test::claimed(first, 2, "b@y.example"), relay}},
         {2}},
        {"two messages",
         {{test::claimed(first, 1, "a@x.example"), direct},
          {test::claimed(second, 1, "a@x.example"), direct}},
         {1, 1}},
        {"two attempts",
         {{test::claimed(first, 1, "a@x.example", 1), direct},
          {test::claimed(first, 2, "b@x.example", 2), direct}},
         {1, 1}},
        {"two routes",
         {{test::claimed(first, 1, "a@x.example"), direct},
          {test::claimed(first, 2, "b@x.example"), decision({"direct"}, 2)}},
         {1, 1}},
        {"literals are alone",
         {{test::claimed(first, 1, "a@[192.0.2.1]"), direct},
          {test::claimed(first, 2, "b@[192.0.2.1]"), direct}},
         {1, 1}},
        {"three, two at most",
         {{test::claimed(first, 1, "a@x.example"), direct},
          {test::claimed(first, 2, "b@x.example"), direct},
          {test::claimed(first, 3, "c@x.example"), direct}},
         {2, 1}},
    };
    for (const auto& test : cases) {
        CAPTURE(test.what);
        CHECK(sizes(group(snapshot, test.routed, 2)) == test.sizes);
    }
}

TEST_CASE("who has a return path of his own is alone; what has no sender has none") {
    auto snapshot = std::make_shared<Snapshot>(*two_transports());
    const auto routed = [](const std::shared_ptr<delivery::Message>& message) {
        const auto relay = decision({"relay"});
        return std::vector<Routed>{
            {test::claimed(message, 1, "a@x.example"), relay},
            {test::claimed(message, 2, "b@x.example"), relay}
        };
    };
    const auto mail = routed(test::message(1)), report = routed(test::message(2, ""));
    using Sizes = std::vector<std::size_t>;
    CHECK(sizes(group(snapshot, mail, 100)) == Sizes{2});
    snapshot->return_paths = {dns::Domain::parse("bounces.example").value(), Secret("secret")};
    CHECK(sizes(group(snapshot, mail, 100)) == Sizes{1, 1});
    CHECK(sizes(group(snapshot, report, 100)) == Sizes{2});
}
