// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "core/delivery/route/explain.hpp"
#include "core/delivery/route/list.hpp"
#include "core/delivery/route/table.hpp"

using namespace outpost;
using namespace outpost::route;
using delivery::ErrorKind;

namespace {

std::vector<DomainPattern> patterns(const std::vector<std::string>& texts) {
    std::vector<DomainPattern> out;
    for (const auto& text : texts) {
        auto pattern = DomainPattern::parse(text);
        REQUIRE_MESSAGE(pattern, text);
        out.push_back(*pattern);
    }
    return out;
}

dns::Domain domain(const std::string& text) {
    return text.empty() ? dns::Domain() : *dns::Domain::parse(text);
}

Facts facts() {
    Facts facts;
    facts.account = "alice";
    facts.sender = *mail::Address::parse("Alice@sender.example");
    facts.recipient = *mail::Address::parse("bob@rcpt.example");
    facts.attempts = 2;
    facts.last_error = ErrorKind::reply_4xx;
    facts.last_status = "4.7.1";
    facts.size = 1000;
    facts.tag = "bulk";
    facts.header = [](std::string_view name) -> std::optional<std::string> {
        if (name == "X-Class") return "News Letter";
        return std::nullopt;
    };
    facts.mx_hosts = {"mx1.big.example", "mx2.other.example"};
    return facts;
}

Route route_to(std::string transport) {
    Route route;
    route.name = "n-" + transport;
    route.transports = {std::move(transport)};
    return route;
}

/// The condition that fails when `change` is made to a route that matches all.
std::string failed(const std::function<void(Route&)>& change, const Facts& about = facts()) {
    std::vector<Route> routes = {route_to("x")};
    change(routes[0]);
    const RouteList list = routes;
    const auto decision = decide({nullptr, nullptr, &list}, about);
    REQUIRE(decision.trace.size() == 1);
    CHECK((decision.list == List::global) == decision.trace[0].failed.empty());
    return decision.trace[0].failed;
}

}  // namespace

TEST_CASE("domain patterns") {
    struct Case {
        std::vector<std::string> list;
        const char* domain;
        bool match;
    };
    const Case cases[] = {
        {{}, "example.org", true},
        {{}, "", true},
        {{"example.org"}, "example.org", true},
        {{"Example.ORG."}, "example.org", true},
        {{"example.org"}, "a.example.org", false},
        {{"example.org"}, "", false},
        {{".example.org"}, "a.b.example.org", true},
        {{".example.org"}, "example.org", false},
        {{".example.org"}, "badexample.org", false},
        {{"*"}, "example.org", true},
        {{"*"}, "", false},
        {{"."}, "", true},
        {{"."}, "example.org", false},
        {{"!."}, "", false},
        {{"!."}, "example.org", true},
        {{"!example.org"}, "example.org", false},
        {{"!example.org"}, "other.org", true},
        {{"*", "!.example.org"}, "a.example.org", false},
        {{"*", "!.example.org"}, "example.org", true},
        {{"!a.example.org", ".example.org"}, "b.example.org", true},
        {{"!a.example.org", ".example.org"}, "a.example.org", false},
        {{"!*"}, "example.org", false},
        {{"m\xc3\xbcnchen.example"}, "xn--mnchen-3ya.example", true},
        {{".m\xc3\xbcnchen.example"}, "mx.xn--mnchen-3ya.example", true},
    };
    for (const auto& test : cases) {
        CHECK_MESSAGE(
            matches(patterns(test.list), domain(test.domain)) == test.match,
            (test.list.empty() ? "(empty list)" : test.list[0]) << " on " << test.domain
        );
    }
    for (const char* bad : {"", "!", "..", "*.example.org", "a b", "!!a", ".", "!."}) {
        const std::string text(bad);
        CHECK_MESSAGE(
            DomainPattern::parse(text).has_value() == (text == "." || text == "!."), text
        );
    }
}

TEST_CASE("each condition matches, or says with which value it failed") {
    CHECK(failed([](Route&) {}) == "");

    CHECK(failed([](Route& r) { r.from_domains = patterns({"sender.example"}); }) == "");
    CHECK(failed([](Route& r) {
              r.from_domains = patterns({"."});
          }) == "from: sender.example is not covered by .");
    CHECK(failed([](Route& r) {
              r.to_domains = patterns({".example.net", "a.org"});
          }) == "to: rcpt.example is not covered by .example.net, a.org");
    CHECK(failed([](Route& r) {
              r.to_domains = patterns({"*", "!rcpt.example"});
          }) == "to: rcpt.example is excluded by !rcpt.example");

    CHECK(failed([](Route& r) { r.accounts = {"bob", "alice"}; }) == "");
    CHECK(failed([](Route& r) { r.accounts = {"bob"}; }) == "account: alice is not among bob");

    CHECK(failed([](Route& r) { r.senders = {"alice@sender.example"}; }) == "");
    CHECK(failed([](Route& r) { r.senders = {"@sender.example"}; }) == "");
    CHECK(failed([](Route& r) {
              r.senders = {"@ender.example", "x@y.org"};
          }) == "sender: Alice@sender.example is not among @ender.example, x@y.org");

    CHECK(failed([](Route& r) { r.min_attempts = 2; }) == "");
    CHECK(failed([](Route& r) { r.max_attempts = 2; }) == "");
    CHECK(failed([](Route& r) {
              r.min_attempts = 3;
          }) == "attempts: 2 made so far, at least 3 wanted");
    CHECK(failed([](Route& r) {
              r.max_attempts = 1;
          }) == "attempts: 2 made so far, at most 1 wanted");

    for (const char* wanted : {"reply_4xx", "4.7.1", "4.7", "4"}) {
        CHECK(failed([&](Route& r) { r.last_errors = {"tls", wanted}; }) == "");
    }
    CHECK(failed([](Route& r) {
              r.last_errors = {"tls", "4.7.10", "5"};
          }) == "last_error: reply_4xx 4.7.1 is not among tls, 4.7.10, 5");

    CHECK(failed([](Route& r) { r.min_size = r.max_size = 1000; }) == "");
    CHECK(failed([](Route& r) { r.min_size = 1001; }) == "size: 1000 octets, at least 1001 wanted");
    CHECK(failed([](Route& r) { r.max_size = 999; }) == "size: 1000 octets, at most 999 wanted");

    CHECK(failed([](Route& r) { r.header = {"X-Class", "news"}; }) == "");
    CHECK(failed([](Route& r) { r.header = {"X-Class", ""}; }) == "");
    CHECK(failed([](Route& r) {
              r.header = {"X-None", ""};
          }) == "header: the message has no X-None");
    CHECK(failed([](Route& r) {
              r.header = {"X-Class", "urgent"};
          }) == "header: X-Class \"News Letter\" does not contain \"urgent\"");

    CHECK(failed([](Route& r) { r.tags = {"bulk"}; }) == "");
    CHECK(failed([](Route& r) {
              r.tags = {"a", "b", "c", "d", "e", "f", "g"};
          }) == "tag: bulk is not among a, b, c, d, e and 2 more");

    CHECK(failed([](Route& r) { r.mx_suffixes = patterns({".big.example"}); }) == "");
    CHECK(failed([](Route& r) {
              r.mx_suffixes = patterns({".big.example", "!.other.example"});
          }) == "mx: mx2.other.example is excluded by !.other.example");
    CHECK(failed([](Route& r) {
              r.mx_suffixes = patterns({".none.example"});
          }) == "mx: none of mx1.big.example, mx2.other.example is covered by .none.example");
}

TEST_CASE("conditions on facts that are not there fail") {
    Facts bare;
    bare.recipient = *mail::Address::parse("bob@[192.0.2.1]");
    CHECK(failed([](Route& r) { r.to_domains = patterns({"."}); }, bare) == "");
    CHECK(failed([](Route& r) { r.from_domains = patterns({"."}); }, bare) == "");
    CHECK(failed([](Route& r) { r.senders = {"<>"}; }, bare) == "");
    CHECK(
        failed([](Route& r) { r.to_domains = patterns({"*"}); }, bare) ==
        "to: (no domain) is not covered by *"
    );
    CHECK(
        failed([](Route& r) { r.senders = {"@x.org"}; }, bare) == "sender: <> is not among @x.org"
    );
    CHECK(
        failed([](Route& r) { r.accounts = {"alice"}; }, bare) ==
        "account: (none) is not among alice"
    );
    CHECK(
        failed([](Route& r) { r.last_errors = {"tls"}; }, bare) ==
        "last_error: there was none, wanted tls"
    );
    CHECK(
        failed([](Route& r) { r.header = {"X-Class", ""}; }, bare) ==
        "header: X-Class is not known here"
    );
    // An address literal has no MX hosts, looked up or not.
    CHECK(
        failed([](Route& r) { r.mx_suffixes = patterns({"!.x.org"}); }, bare) ==
        "mx: (no domain) has no MX host"
    );
}

TEST_CASE("a route that hinges on MX hosts that are not known leaves the decision open") {
    auto elsewhere = route_to("elsewhere"), hosted = route_to("hosted"), rest = route_to("rest");
    elsewhere.mx_suffixes = hosted.mx_suffixes = patterns({".big.example"});
    elsewhere.tags = {"another"};  // fails without a look at the MX hosts
    const RouteList routes = {elsewhere, hosted, rest};
    Facts unknown = facts();
    unknown.mx_hosts.reset();
    const auto open = decide({nullptr, nullptr, &routes}, unknown);
    CHECK(open.open);
    CHECK(open.transports.empty());
    CHECK(open.index == 2);
    CHECK(
        open.reason() ==
        "global route 2 'n-hosted' cannot be judged (mx: the MX hosts are not known)"
    );
    const auto known = decide({nullptr, nullptr, &routes}, facts());
    CHECK_FALSE(known.open);
    CHECK(known.transports == std::vector<std::string>{"hosted"});
}

TEST_CASE("account list, then domain list, then global list; the first match wins") {
    auto late = route_to("late");
    late.min_attempts = 5;
    const RouteList none = {late}, account = {late, route_to("account")},
                    by_domain = {route_to("domain")},
                    global = {late, route_to("global"), route_to("never")};
    struct Case {
        RouteLists lists;
        List list;
        std::size_t index;
        const char* transport;
        std::size_t looked_at;
    };
    const Case cases[] = {
        {{&account, &by_domain, &global}, List::account, 2, "account", 2},
        {{&none, &by_domain, &global}, List::domain, 1, "domain", 2},
        {{nullptr, nullptr, &global}, List::global, 2, "global", 2},
        {{&none, nullptr, &none}, List::none, 0, "direct", 2},
        {{}, List::none, 0, "direct", 0},
    };
    for (const auto& test : cases) {
        const auto decision = decide(test.lists, facts());
        CHECK(decision.list == test.list);
        CHECK(decision.index == test.index);
        CHECK(decision.transports == std::vector<std::string>{test.transport});
        CHECK(decision.trace.size() == test.looked_at);
    }
}

TEST_CASE("the reason fits on one line, and explain tells the whole story") {
    auto first = route_to("smarthost");
    first.name = "bulk";
    first.to_domains = patterns({".example.net"});
    auto second = route_to("smarthost");
    second.name.clear();
    second.transports.push_back("direct");
    second.on_uncertain = OnUncertain::hold;
    const RouteList routes = {first, second};
    const auto decision = decide({nullptr, nullptr, &routes}, facts());
    CHECK(decision.on_uncertain == OnUncertain::hold);
    CHECK(
        decision.reason() ==
        "global route 2 -> [smarthost, direct]: not global route 1 'bulk' "
        "(to: rcpt.example is not covered by .example.net)"
    );
    CHECK(
        explain(decision) ==
        "  global route 1 'bulk'  no, to: rcpt.example is not covered by .example.net\n"
        "  global route 2         matches\n"
        "global route 2 matches: by smarthost, then direct if that cannot be reached.\n"
        "If a crash leaves the outcome of an attempt unknown, it is held for a person to decide.\n"
    );

    const RouteList many = std::vector<Route>(10, first);
    const auto unmatched = decide({nullptr, nullptr, &many}, facts());
    CHECK(unmatched.trace.size() == 3);
    const auto in_full = decide({nullptr, nullptr, &many}, facts(), Trace::whole);
    CHECK(in_full.trace.size() == 10);
    CHECK(in_full.reason() == unmatched.reason());
    CHECK(unmatched.reason().starts_with(
        "no route matched -> [direct]: 7 others not, not global route 8 'bulk'"
    ));
    CHECK(explain(unmatched).find("No route matches: by direct.\n") != std::string::npos);

    Decision by_hand;
    by_hand.list = List::override_;
    by_hand.transports = {"relay"};
    CHECK(by_hand.reason() == "set by hand -> [relay]");
}

TEST_CASE("text of a message cannot forge a line of the trace") {
    auto about = facts();
    about.header = [](std::string_view) -> std::optional<std::string> {
        return "x\r\n\x1b[2J" + std::string(10'000, 'y');
    };
    const auto text = failed([](Route& r) { r.header = {"Subject", "z"}; }, about);
    CHECK(text.find('\n') == std::string::npos);
    CHECK(text.size() < 300);
}

TEST_CASE("MX hosts are looked up only when a route asks for them") {
    std::vector<Route> routes = {route_to("a"), route_to("b")};
    const RouteList plain = routes;
    routes[1].mx_suffixes = patterns({".big.example"});
    const RouteList asking = routes;
    CHECK_FALSE(needs_mx({}));
    CHECK_FALSE(needs_mx({&plain, &plain, &plain}));
    CHECK(needs_mx({&plain, nullptr, &asking}));
    CHECK(needs_mx({&asking, nullptr, nullptr}));
}
