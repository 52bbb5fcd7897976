// SPDX-License-Identifier: Apache-2.0
#include "core/delivery/route/list.hpp"

#include <doctest/doctest.h>

#include <random>

#include "core/delivery/route/conditions.hpp"

using namespace outpost;
using namespace outpost::route;

namespace {

/// A few values for each condition, so that random routes and facts meet often.
const std::vector<std::string> names = {"a.example", "b.example", "x.a.example", "y.x.a.example"};
const std::vector<std::string> pattern_texts = {"a.example",   "b.example", "x.a.example",
                                                ".a.example",  ".example",  ".x.a.example",
                                                "*",           ".",         "!a.example",
                                                "!.a.example", "!*",        "!."};
const std::vector<std::string> sender_texts = {
    "<>", "@a.example", "u@a.example", "u@b.example",
    "@b\xc3\xbc"
    "cher.example"
};
const std::vector<std::string> words = {"", "one", "two", "three"};

class Random {
  public:
    explicit Random(unsigned seed) : engine_(seed) {}
    int below(int end) { return std::uniform_int_distribution<int>(0, end - 1)(engine_); }
    bool chance(int percent) { return below(100) < percent; }
    template <class T>
    const T& one_of(const std::vector<T>& values) {
        return values[static_cast<std::size_t>(below(static_cast<int>(values.size())))];
    }

    std::vector<DomainPattern> patterns() {
        std::vector<DomainPattern> out;
        for (int count = 1 + below(3); count > 0; --count)
            out.push_back(DomainPattern::parse(one_of(pattern_texts)).value());
        return out;
    }
    std::vector<std::string> some_of(const std::vector<std::string>& values) {
        std::vector<std::string> out;
        for (int count = 1 + below(2); count > 0; --count)
            out.push_back(one_of(values));
        return out;
    }

    Route route() {
        Route route;
        route.name = std::to_string(below(1000));
        route.transports = {"t" + route.name};
        if (chance(50)) route.to_domains = patterns();
        if (chance(30)) route.from_domains = patterns();
        if (chance(20)) route.senders = some_of(sender_texts);
        if (chance(20)) route.accounts = some_of(words);
        if (chance(20)) route.tags = some_of(words);
        if (chance(15)) route.mx_suffixes = patterns();
        if (chance(15)) route.min_attempts = below(3);
        return route;
    }
    RouteList list() {
        std::vector<Route> routes;
        for (int count = below(12); count > 0; --count)
            routes.push_back(route());
        return routes;
    }
    mail::Address address(bool may_be_null) {
        if (may_be_null && chance(20)) return {};
        if (chance(10)) return mail::Address::parse("u@[192.0.2.1]").value();
        if (chance(10))
            return mail::Address::parse(
                       "u@b\xc3\xbc"
                       "cher.example"
            )
                .value();
        return mail::Address::parse(
                   one_of(std::vector<std::string>{"u", "U", "v"}) + "@" + one_of(names)
        )
            .value();
    }
    Facts facts() {
        Facts facts;
        facts.account = one_of(words);
        facts.tag = one_of(words);
        facts.sender = address(true);
        facts.recipient = address(false);
        facts.attempts = below(3);
        if (chance(70)) facts.mx_hosts = some_of(names);
        return facts;
    }

  private:
    std::mt19937 engine_;
};

/// The meaning of a decision, as simply as it can be written: every route in turn.
std::vector<TraceEntry> look_at_all(const RouteLists& lists, const Facts& facts) {
    std::vector<TraceEntry> trace;
    const std::pair<List, const RouteList*> in_order[] = {
        {List::account, lists.account}, {List::domain, lists.domain}, {List::global, lists.global}
    };
    for (const auto& [list, routes] : in_order) {
        std::size_t index = 0;
        for (const Route& route : routes->routes()) {
            trace.push_back({list, ++index, route.name, failed_condition(route, facts)});
            if (trace.back().failed.empty() || trace.back().failed == mx_unknown) return trace;
        }
    }
    return trace;
}

}  // namespace

TEST_CASE("the index finds what looking at every route finds, and tells the same of it") {
    Random random(20261125);
    std::size_t matched = 0, left_open = 0, unmatched = 0;
    for (int i = 0; i < 20'000; ++i) {
        CAPTURE(i);
        const RouteList account = random.list(), domain = random.list(), global = random.list();
        const RouteLists lists{&account, &domain, &global};
        const Facts facts = random.facts();
        const auto trace = look_at_all(lists, facts);
        const bool open = !trace.empty() && trace.back().failed == mx_unknown;
        const bool chosen = !trace.empty() && (open || trace.back().failed.empty());
        ++(open ? left_open : chosen ? matched : unmatched);

        const auto decision = decide(lists, facts), in_full = decide(lists, facts, Trace::whole);
        CHECK(decision.open == open);
        CHECK(decision.list == (chosen ? trace.back().list : List::none));
        CHECK(decision.index == (chosen ? trace.back().index : 0));
        CHECK(decision.looked_at == trace.size());
        CHECK(decision.reason() == in_full.reason());
        REQUIRE(in_full.trace.size() == trace.size());
        for (std::size_t at = 0; at < trace.size(); ++at) {
            CHECK(in_full.trace[at].list == trace[at].list);
            CHECK(in_full.trace[at].index == trace[at].index);
            CHECK(in_full.trace[at].route == trace[at].route);
            CHECK(in_full.trace[at].failed == trace[at].failed);
        }
    }
    // All three endings were met often enough to mean something.
    CHECK(matched > 1000);
    CHECK(left_open > 100);
    CHECK(unmatched > 100);
}

TEST_CASE(
    "of many routes only those are looked at that name the recipient, and those that name none"
) {
    std::vector<Route> routes;
    for (int i = 0; i < 100; ++i) {
        routes.emplace_back().transports = {"relay"};
        routes.back().to_domains = {
            DomainPattern::parse("d" + std::to_string(i) + ".example").value()
        };
    }
    routes.emplace_back().transports = {"rest"};
    routes[7].to_domains.push_back(DomainPattern::parse("!x.example").value());
    routes[9].to_domains.push_back(DomainPattern::parse("*").value());
    const RouteList list = routes;
    Facts facts;
    facts.recipient = mail::Address::parse("u@d7.example").value();
    CHECK(list.candidates(facts) == RouteList::Positions{7, 9, 100});
    facts.recipient = mail::Address::parse("u@other.example").value();
    CHECK(list.candidates(facts) == RouteList::Positions{9, 100});
    CHECK(RouteList().candidates(facts).empty());
}
