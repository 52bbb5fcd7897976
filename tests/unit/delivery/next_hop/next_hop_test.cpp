// SPDX-License-Identifier: Apache-2.0
#include "core/delivery/next_hop/next_hop.hpp"

#include <doctest/doctest.h>

#include <map>

#include "tests/support/run.hpp"

using namespace outpost;
using delivery::NextHopOptions;
using dns::Record;
using dns::Type;

namespace {

dns::Domain domain(const char* name) {
    return *dns::Domain::parse(name);
}

dns::Answer mx(std::vector<std::pair<int, std::string>> hosts) {
    dns::Answer answer;
    answer.canonical_name = "example.test";
    for (auto& [preference, name] : hosts) {
        answer.records.push_back({Type::mx, static_cast<std::uint16_t>(preference), name});
    }
    return answer;
}

std::vector<std::string> names(const delivery::NextHops& hops) {
    std::vector<std::string> out;
    for (const auto& host : hops.hosts)
        out.push_back(host.name);
    return out;
}

/// Swaps nothing: equals stay in the order of the answer.
NextHopOptions steady() {
    NextHopOptions options;
    options.dice = [](std::size_t limit) { return limit - 1; };
    return options;
}

/// Answers from a table; what is not in it does not exist.
struct TableResolver : dns::Resolver {
    std::map<std::pair<std::string, Type>, Result<dns::Answer, dns::Failure>> table;
    awaitable<Result<dns::Answer, dns::Failure>> query(dns::Question question, Deadline) override {
        const auto found = table.find({question.name, question.type});
        dns::Answer none;
        none.nxdomain = true;
        co_return found == table.end() ? Result<dns::Answer, dns::Failure>(none) : found->second;
    }
};

dns::Answer addresses(Type type, std::vector<std::string> texts) {
    dns::Answer answer;
    for (auto& text : texts)
        answer.records.push_back({type, 0, text});
    return answer;
}

std::string outcome(
    dns::Resolver& resolver, const std::string& host, bool implicit, const NextHopOptions& options
) {
    asio::io_context loop;
    std::string out;
    const auto task = [](dns::Resolver& from, const std::string& name, bool no_mx,
                         const NextHopOptions& how, std::string& into) -> awaitable<void> {
        const auto found = co_await delivery::find_addresses(from, name, no_mx, how, Deadline());
        if (!found)
            into = found.error().verdict.status().text();
        else
            for (const auto& address : found->addresses)
                into += address.to_string() + " ";
    };
    test::run(loop, task(resolver, host, implicit, options, out));
    return out;
}

}  // namespace

TEST_CASE("an MX answer gives hosts by preference, each once, and nothing that is no host") {
    const auto hops = delivery::read_mx_answer(
        domain("example.test"),
        mx({{20, "c.test"},
            {10, "b.test"},
            {10, "a.test"},
            {30, "b.test"},
            {5, "192.0.2.1"},
            {5, ""},
            {5, "a\\010b.test"}}),
        steady()
    );
    REQUIRE(hops);
    CHECK(names(*hops) == std::vector<std::string>{"b.test", "a.test", "c.test"});
    CHECK_FALSE(hops->implicit_mx);
}

TEST_CASE("equals are shuffled, preferences are not") {
    auto options = steady();
    options.dice = [](std::size_t) { return 0; };
    const auto hops = delivery::read_mx_answer(
        domain("example.test"), mx({{10, "a.test"}, {10, "b.test"}, {5, "z.test"}}), options
    );
    CHECK(names(*hops) == std::vector<std::string>{"z.test", "b.test", "a.test"});
}

TEST_CASE("a thousand MX hosts are no thousand attempts") {
    std::vector<std::pair<int, std::string>> many;
    for (int i = 0; i < 1000; ++i)
        many.emplace_back(i, "h" + std::to_string(i) + ".test");
    CHECK(delivery::read_mx_answer(domain("example.test"), mx(many), steady())->hosts.size() == 10);
}

TEST_CASE("answers that lead nowhere") {
    struct Case {
        const char* what;
        dns::Answer answer;
        const char* status;
    };
    dns::Answer gone;
    gone.nxdomain = true;
    dns::Answer to_root;
    const Case cases[] = {
        {"NXDOMAIN", gone, "5.1.2"},
        {"null MX", mx({{0, ""}}), "5.1.10"},
        {"only an IP address", mx({{10, "192.0.2.1"}}), "5.1.2"},
        {"two roots", mx({{0, ""}, {10, ""}}), "5.1.2"},
        {"alias of the root", to_root, "5.1.2"},
    };
    for (const Case& each : cases) {
        CAPTURE(std::string(each.what));
        const auto hops = delivery::read_mx_answer(domain("example.test"), each.answer, steady());
        REQUIRE_FALSE(hops.has_value());
        CHECK(hops.error().verdict.status().text() == each.status);
        CHECK(hops.error().verdict.stage() == delivery::Stage::resolve);
    }
}

TEST_CASE("without MX the domain, where its aliases end, is the host") {
    dns::Answer answer;
    answer.canonical_name = "real.test";
    const auto hops = delivery::read_mx_answer(domain("alias.test"), answer, steady());
    REQUIRE(hops);
    CHECK(hops->implicit_mx);
    CHECK(names(*hops) == std::vector<std::string>{"real.test"});
    CHECK(hops->expanded_domain == "real.test");
}

TEST_CASE("a failing DNS defers") {
    TableResolver resolver;
    resolver.table.insert(
        {{"example.test", Type::mx}, Err{dns::Failure{dns::Failure::Kind::servfail, "SERVFAIL", -1}}
        }
    );
    asio::io_context loop;
    std::string status;
    const auto task = [](dns::Resolver& from, std::string& into) -> awaitable<void> {
        const auto name = domain("example.test");
        const auto options = steady();
        const auto hops = co_await delivery::find_hosts(from, name, options, Deadline());
        into = hops ? "found" : hops.error().verdict.status().text();
    };
    test::run(loop, task(resolver, status));
    CHECK(status == "4.4.3");
}

TEST_CASE("addresses of a host") {
    TableResolver resolver;
    const dns::Failure failure{dns::Failure::Kind::timeout, "no answer", -1};
    resolver.table.insert({{"dual.test", Type::a}, addresses(Type::a, {"192.0.2.1", "192.0.2.2"})});
    resolver.table.insert({{"dual.test", Type::aaaa}, addresses(Type::aaaa, {"2001:db8::1"})});
    resolver.table.insert({{"half.test", Type::a}, addresses(Type::a, {"192.0.2.1"})});
    resolver.table.insert({{"half.test", Type::aaaa}, Err{failure}});
    resolver.table.insert({{"fails.test", Type::a}, Err{failure}});
    resolver.table.insert(
        {{"odd.test", Type::a}, addresses(Type::a, {"0.0.0.0", "224.0.0.1", "255.255.255.255"})}
    );
    resolver.table.insert(
        {{"many.test", Type::a}, addresses(Type::a, std::vector<std::string>(100, "192.0.2.1"))}
    );
    auto both = steady(), v4_first = steady(), v4_only = steady();
    v4_first.ipv6_first = false;
    v4_only.ipv6 = false;
    CHECK(outcome(resolver, "dual.test", false, both) == "2001:db8::1 192.0.2.1 192.0.2.2 ");
    CHECK(outcome(resolver, "dual.test", false, v4_first) == "192.0.2.1 2001:db8::1 192.0.2.2 ");
    CHECK(outcome(resolver, "dual.test", false, v4_only) == "192.0.2.1 192.0.2.2 ");
    CHECK(outcome(resolver, "half.test", false, both) == "192.0.2.1 ");
    CHECK(outcome(resolver, "fails.test", false, both) == "4.4.3");
    CHECK(outcome(resolver, "odd.test", false, both) == "4.4.4");
    CHECK(outcome(resolver, "none.test", false, both) == "4.4.4");
    CHECK(outcome(resolver, "none.test", true, both) == "5.1.2");
    CHECK(outcome(resolver, "none.test", true, v4_only) == "4.4.4");
    CHECK(
        outcome(resolver, "many.test", false, both).size() == 5 * std::string("192.0.2.1 ").size()
    );
}

TEST_CASE("address literals") {
    auto v4_only = steady();
    v4_only.ipv6 = false;
    CHECK(delivery::literal_address("192.0.2.1", steady())->to_string() == "192.0.2.1");
    CHECK(delivery::literal_address("2001:db8::1", steady())->to_string() == "2001:db8::1");
    CHECK(delivery::literal_address("0.0.0.0", steady()).error().status().text() == "5.1.2");
    CHECK(delivery::literal_address("2001:db8::1", v4_only).error().status().text() == "4.4.4");
}
