// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "core/net/dns/cache.hpp"
#include "core/net/dns/resolv_conf.hpp"
#include "core/net/dns/stub_resolver.hpp"
#include "tests/support/fake_dns.hpp"
#include "tests/support/run.hpp"

using namespace outpost;
using dns::Type;
using namespace std::chrono_literals;

namespace {

constexpr auto zone = R"(
    example.test     MX     20 b.example.test
    example.test     MX     10 A.Example.test
    a.example.test   A      192.0.2.1
    a.example.test   AAAA   2001:db8::1
    alias.test       CNAME  other.test
    other.test       CNAME  example.test
    loop.test        CNAME  pool.test
    pool.test        CNAME  loop.test
    null.test        MX     0 .
    text.test        TXT    hello world
    broken.test      SERVFAIL
    silent.test      DROP
    big.test         TRUNCATE
    big.test         A      192.0.2.9
    old.test         NOEDNS
    old.test         A      192.0.2.8
)";

Result<dns::Answer, dns::Failure> ask(dns::Resolver& resolver, const char* name, Type type) {
    asio::io_context loop;
    std::optional<Result<dns::Answer, dns::Failure>> out;
    const auto task = [](dns::Resolver& from, dns::Question question,
                         auto& into) -> awaitable<void> {
        into = co_await from.query(question, Deadline::in(5s));
    };
    test::run(loop, task(resolver, {name, type}, out));
    return *out;
}

dns::Settings settings_for(std::initializer_list<net::Endpoint> servers) {
    dns::Settings settings;
    settings.servers = servers;
    settings.timeout = 200ms;
    return settings;
}

}  // namespace

TEST_CASE("records of every type come back as values") {
    test::FakeDns server(zone);
    const auto resolver = dns::make_resolver(settings_for({server.endpoint()}));
    const auto mx = ask(*resolver, "EXAMPLE.test.", Type::mx);
    REQUIRE(mx);
    REQUIRE(mx->records.size() == 2);
    CHECK(mx->records[0] == dns::Record{Type::mx, 20, "b.example.test"});
    CHECK(mx->records[1] == dns::Record{Type::mx, 10, "a.example.test"});
    CHECK(mx->ttl == 300s);
    CHECK(ask(*resolver, "a.example.test", Type::a)->records[0].text == "192.0.2.1");
    CHECK(ask(*resolver, "a.example.test", Type::aaaa)->records[0].text == "2001:db8::1");
    CHECK(ask(*resolver, "text.test", Type::txt)->records[0].text == "hello world");
    CHECK(ask(*resolver, "null.test", Type::mx)->records[0].text.empty());
}

TEST_CASE("the absence of data is an answer, a failing server is none") {
    test::FakeDns server(zone);
    const auto resolver = dns::make_resolver(settings_for({server.endpoint()}));
    CHECK(ask(*resolver, "nowhere.test", Type::a)->nxdomain);
    const auto nodata = ask(*resolver, "text.test", Type::a);
    CHECK(!nodata->nxdomain);
    CHECK(nodata->records.empty());
    CHECK(ask(*resolver, "broken.test", Type::a).error().kind == dns::Failure::Kind::servfail);
    CHECK(ask(*resolver, "silent.test", Type::a).error().kind == dns::Failure::Kind::timeout);
    CHECK(ask(*resolver, "a..b", Type::a).error().kind == dns::Failure::Kind::malformed);
}

TEST_CASE("aliases are followed from answer to answer, but not in circles") {
    test::FakeDns server(zone);
    const auto resolver = dns::make_resolver(settings_for({server.endpoint()}));
    const auto answer = ask(*resolver, "alias.test", Type::mx);
    REQUIRE(answer);
    CHECK(answer->records.size() == 2);
    CHECK(answer->canonical_name == "example.test");
    CHECK(answer->followed_cname);
    CHECK(ask(*resolver, "loop.test", Type::mx).error().kind == dns::Failure::Kind::cname_loop);
}

TEST_CASE("a chain of sixteen aliases is followed, a longer one is not") {
    std::string text;
    for (int i = 0; i < 20; ++i)
        text += "n" + std::to_string(i) + ".test CNAME n" + std::to_string(i + 1) + ".test\n";
    text += "n20.test A 192.0.2.1\n";
    test::FakeDns server(text);
    const auto resolver = dns::make_resolver(settings_for({server.endpoint()}));
    CHECK(ask(*resolver, "n4.test", Type::a).has_value());
    CHECK(ask(*resolver, "n3.test", Type::a).error().kind == dns::Failure::Kind::cname_loop);
}

TEST_CASE("a truncated answer is fetched by TCP, a server without EDNS asked again without it") {
    test::FakeDns server(zone);
    const auto resolver = dns::make_resolver(settings_for({server.endpoint()}));
    CHECK(ask(*resolver, "big.test", Type::a)->records[0].text == "192.0.2.9");
    CHECK(ask(*resolver, "old.test", Type::a)->records[0].text == "192.0.2.8");
}

TEST_CASE("where one server fails the next is asked") {
    test::FakeDns failing("example.test SERVFAIL"), silent("example.test DROP"), good(zone);
    const net::Endpoint closed{asio::ip::address_v4::loopback(), 1};
    const auto resolver = dns::make_resolver(
        settings_for({closed, silent.endpoint(), failing.endpoint(), good.endpoint()})
    );
    CHECK(ask(*resolver, "example.test", Type::mx)->records.size() == 2);
}

TEST_CASE("answers, absences and failures are remembered") {
    test::FakeDns server(zone);
    const auto resolver = dns::make_resolver(settings_for({server.endpoint()}));
    for (const char* name : {"a.example.test", "nowhere.test", "broken.test"}) {
        (void)ask(*resolver, name, Type::a);
        const int before = server.queries();
        (void)ask(*resolver, name, Type::a);
        CHECK(server.queries() == before);
    }
}

TEST_CASE("the cache is bounded and forgets in time") {
    dns::Cache cache(2);
    const SteadyTime now = SteadyClock::now();
    const dns::Question a{"a", Type::a}, b{"b", Type::a}, c{"c", Type::a};
    for (const auto& question : {a, b})
        cache.store(question, dns::Answer{}, 10s, now);
    CHECK(cache.find(a, now)->value().ttl == 10s);  // now b is the one used longest ago
    cache.store(c, dns::Answer{}, 10s, now);
    CHECK(cache.size() == 2);
    CHECK(!cache.find(b, now));
    CHECK(cache.find(a, now + 4s)->value().ttl == 6s);
    CHECK(!cache.find(a, now + 10s));
    cache.store(b, dns::Answer{}, 0s, now);
    CHECK(!cache.find(b, now));
}

TEST_CASE("resolv.conf gives servers and nothing else") {
    const auto servers = dns::parse_resolv_conf(
        "# nameserver 9.9.9.9\nsearch a.b\nnameserver 192.0.2.53\nnameserver junk\nnameserver ::1\n"
    );
    REQUIRE(servers.size() == 2);
    CHECK(servers[0].text() == "192.0.2.53:53");
    CHECK(servers[1].text() == "[::1]:53");
    CHECK(dns::parse_resolv_conf("").front().text() == "127.0.0.1:53");
}

TEST_CASE("who validates is not content with a server that hands on no signatures") {
    test::FakeDns server(zone);
    auto settings = settings_for({server.endpoint()});
    settings.security = dns::SecurityMode::validate;
    const auto failed = ask(*dns::make_resolver(settings), "a.example.test", Type::a);
    REQUIRE(!failed);
    CHECK(failed.error().kind == dns::Failure::Kind::bogus);
    CHECK(failed.error().is_dnssec());
    SUBCASE("except for names that are left out") {
        settings.insecure_domains = {"example.test"};
        const auto answer = ask(*dns::make_resolver(settings), "a.example.test", Type::a);
        REQUIRE(answer);
        CHECK(answer->security == dns::Security::insecure);
    }
}

TEST_CASE("there is no resolver without the trust anchors that are named") {
    dns::Settings settings = settings_for({});
    settings.security = dns::SecurityMode::validate;
    settings.trust_anchors = "/nowhere/anchors.ds";
    CHECK_THROWS_WITH_AS(
        dns::make_resolver(settings), "the trust anchors /nowhere/anchors.ds: cannot be read",
        std::runtime_error
    );
}
