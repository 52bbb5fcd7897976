// SPDX-License-Identifier: Apache-2.0
#include "core/foundation/metrics/registry.hpp"

#include <doctest/doctest.h>

#include <limits>
#include <stdexcept>
#include <thread>
#include <vector>

using outpost::metrics::Registry;

TEST_CASE("a registry without metrics has nothing to say") {
    CHECK(Registry().text().empty());
}

TEST_CASE("counters are printed with help and type, once for each family") {
    Registry registry;
    registry.counter("mail_total", "Messages", {{"from", "a"}}).add(2);
    registry.counter("mail_total", "Messages", {{"from", "b"}, {"to", "c"}}).add();
    registry.counter("alone_total", "No labels");
    CHECK(
        registry.text() ==
        "# HELP alone_total No labels\n"
        "# TYPE alone_total counter\n"
        "alone_total 0\n"
        "# HELP mail_total Messages\n"
        "# TYPE mail_total counter\n"
        "mail_total{from=\"a\"} 2\n"
        "mail_total{from=\"b\",to=\"c\"} 1\n"
    );
}

TEST_CASE("the same name and labels give the same counter") {
    Registry registry;
    auto& first = registry.counter("mail_total", "Messages", {{"from", "a"}});
    CHECK(&first == &registry.counter("mail_total", "Messages", {{"from", "a"}}));
    CHECK(&first != &registry.counter("mail_total", "Messages", {{"from", "b"}}));
}

TEST_CASE("help and label values are escaped, each by its own rule") {
    Registry registry;
    registry.counter("mail_total", "a \"b\" \\ c\nd", {{"from", "x \"y\" \\ z\nw"}});
    CHECK(
        registry.text() ==
        "# HELP mail_total a \"b\" \\\\ c\\nd\n"
        "# TYPE mail_total counter\n"
        "mail_total{from=\"x \\\"y\\\" \\\\ z\\nw\"} 0\n"
    );
}

TEST_CASE("gauges are read at each scrape") {
    Registry registry;
    double value = 0.5;
    registry.gauge("open", "Open doors", {}, [&] { return value; });
    CHECK(registry.text() == "# HELP open Open doors\n# TYPE open gauge\nopen 0.5\n");
    value = 12'345'678;
    CHECK(registry.text().ends_with("open 12345678\n"));
    value = -std::numeric_limits<double>::infinity();
    CHECK(registry.text().ends_with("open -Inf\n"));
    value = std::numeric_limits<double>::quiet_NaN();
    CHECK(registry.text().ends_with("open NaN\n"));
    registry.gauge("open", "Open doors", {}, [] { return 7.0; });
    CHECK(registry.text().ends_with("open 7\n"));
}

TEST_CASE("a number kept elsewhere can be shown as a counter") {
    Registry registry;
    registry.observed_counter("seen_total", "Seen", {}, [] { return 3.0; });
    CHECK(registry.text() == "# HELP seen_total Seen\n# TYPE seen_total counter\nseen_total 3\n");
}

TEST_CASE("a name has one meaning, and is one that Prometheus takes") {
    Registry registry;
    registry.counter("mail_total", "Messages");
    CHECK_THROWS_AS(registry.counter("mail_total", "Letters"), std::logic_error);
    CHECK_THROWS_AS(
        registry.gauge("mail_total", "Messages", {}, [] { return 0.0; }), std::logic_error
    );
    CHECK_THROWS_AS(registry.counter("mail total", "x"), std::logic_error);
    CHECK_THROWS_AS(registry.counter("1mail", "x"), std::logic_error);
    CHECK_THROWS_AS(registry.counter("", "x"), std::logic_error);
    CHECK_THROWS_AS(registry.counter("a_total", "x", {{"to-whom", "y"}}), std::logic_error);
}

TEST_CASE("threads count together") {
    Registry registry;
    auto& counter = registry.counter("mail_total", "Messages");
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([&] {
            for (int n = 0; n < 10'000; ++n)
                counter.add();
        });
    }
    for (auto& thread : threads)
        thread.join();
    CHECK(counter.value() == 40'000);
}
