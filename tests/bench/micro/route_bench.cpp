// SPDX-License-Identifier: Apache-2.0
// Which of 10,000 routes carries a recipient: the lists that users write.
#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "core/delivery/route/list.hpp"
#include "core/delivery/route/table.hpp"

using namespace outpost;

namespace {

constexpr int count = 10'000;

route::Route route_by(const std::string& transport) {
    route::Route route;
    route.transports = {transport};
    return route;
}

std::vector<route::DomainPattern> pattern(const std::string& text) {
    return {route::DomainPattern::parse(text).value()};
}

/// `make` writes the conditions of route number i; the last route takes what is left.
template <class Make>
route::RouteList list_of(Make make) {
    std::vector<route::Route> routes;
    for (int i = 0; i < count; ++i) {
        routes.push_back(route_by("relay"));
        make(routes.back(), std::to_string(i));
    }
    routes.push_back(route_by("direct"));
    return routes;
}

route::RouteList by_domain() {
    return list_of([](route::Route& route, const std::string& i) {
        route.to_domains = pattern("d" + i + ".example");
    });
}
route::RouteList by_subdomains() {
    return list_of([](route::Route& route, const std::string& i) {
        route.to_domains = pattern(".d" + i + ".example");
    });
}
route::RouteList by_account() {
    return list_of([](route::Route& route, const std::string& i) {
        route.accounts = {"account" + i};
    });
}
route::RouteList by_sender() {
    return list_of([](route::Route& route, const std::string& i) {
        route.senders = {"user" + i + "@origin.example"};
    });
}
/// Nothing that an index could use: each must be looked at.
route::RouteList by_size() {
    return list_of([](route::Route& route, const std::string& i) {
        route.min_size = 1'000'000 + std::stoul(i);
    });
}

route::Facts facts(const std::string& recipient) {
    route::Facts facts;
    facts.account = "account9000";
    facts.sender = mail::Address::parse("user9000@origin.example").value();
    facts.recipient = mail::Address::parse(recipient).value();
    facts.size = 10240;
    return facts;
}

void decide_route(benchmark::State& state, route::RouteList (*make)(), const char* recipient) {
    const route::RouteList list = make();
    const route::Facts about = facts(recipient);
    for (auto _ : state)
        benchmark::DoNotOptimize(route::decide({nullptr, nullptr, &list}, about));
}
BENCHMARK_CAPTURE(decide_route, domain_first, by_domain, "x@d0.example");
BENCHMARK_CAPTURE(decide_route, domain_late, by_domain, "x@d9000.example");
BENCHMARK_CAPTURE(decide_route, domain_none, by_domain, "x@other.example");
BENCHMARK_CAPTURE(decide_route, subdomains_late, by_subdomains, "x@a.b.d9000.example");
BENCHMARK_CAPTURE(decide_route, account_late, by_account, "x@other.example");
BENCHMARK_CAPTURE(decide_route, sender_late, by_sender, "x@other.example");
BENCHMARK_CAPTURE(decide_route, size_none, by_size, "x@other.example");

/// The lists of the account and of the sender's domain come first, and rarely match.
void decide_three_lists(benchmark::State& state) {
    const route::RouteList account = by_subdomains(), domain = by_domain(), global = by_account();
    const route::Facts about = facts("x@other.example");
    for (auto _ : state)
        benchmark::DoNotOptimize(route::decide({&account, &domain, &global}, about));
}
BENCHMARK(decide_three_lists);

/// What is written on each attempt row.
void tell_reason(benchmark::State& state) {
    const route::RouteList list = by_domain();
    const auto decision = route::decide({nullptr, nullptr, &list}, facts("x@d9000.example"));
    for (auto _ : state)
        benchmark::DoNotOptimize(decision.reason());
}
BENCHMARK(tell_reason);

}  // namespace
