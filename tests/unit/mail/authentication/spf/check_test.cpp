// SPDX-License-Identifier: Apache-2.0
#include "core/mail/authentication/spf/check.hpp"

#include <doctest/doctest.h>

#include "tests/support/run.hpp"
#include "tests/support/zone_resolver.hpp"

using namespace outpost;
using namespace outpost::spf;
using dns::Type;

namespace {

/// One transaction with a world of its own.
struct World {
    test::ZoneResolver dns;
    std::string ip = "192.0.2.25", helo = "out.shop.example", from = "anna@shop.example";

    World& record(const std::string& terms, const std::string& domain = "shop.example") {
        dns.add(domain, Type::txt, {"verification=1", "v=spf1 " + terms});
        return *this;
    }
    Client client() const { return {asio::ip::make_address(ip), helo}; }
    Outcome check() {
        asio::io_context loop;
        auto sender = from.empty() ? mail::Address() : mail::Address::parse(from).value();
        return test::run(loop, check_mail_from(client(), std::move(sender), dns, Deadline()));
    }
    Outcome hello() {
        asio::io_context loop;
        return test::run(loop, check_helo(client(), dns, Deadline()));
    }
    Status status() { return check().status; }
};

}  // namespace

TEST_CASE("the first directive that matches decides, by its qualifier") {
    World world;
    world.record("-ip4:192.0.2.26 ?ip6:::/0 ~ip4:192.0.2.0/27 -all");
    const auto outcome = world.check();
    CHECK(outcome.status == Status::softfail);
    CHECK(outcome.mechanism == "~ip4:192.0.2.0/27");
    CHECK(outcome.domain == "shop.example");
    CHECK(outcome.identity == Identity::mail_from);
    CHECK(outcome.security == dns::Security::secure);
    world.ip = "192.0.2.32";
    CHECK(world.status() == Status::fail);
    world.ip = "2001:db8::1";
    CHECK(world.status() == Status::neutral);
    world.ip = "::ffff:192.0.2.25";
    CHECK(world.status() == Status::softfail);
}

TEST_CASE("no record is none, no match is neutral, two records are an error") {
    World world;
    CHECK(world.status() == Status::none);
    world.record("ip4:192.0.2.1");
    CHECK(world.status() == Status::neutral);
    world.dns.add("shop.example", Type::txt, {"v=spf1 -all", "v=spf1 +all"});
    CHECK(world.status() == Status::permerror);
    world.dns.fail("shop.example", Type::txt);
    CHECK(world.status() == Status::temperror);
}

TEST_CASE("a mistake behind the match is a mistake all the same") {
    World world;
    world.record("+all nonsense");
    CHECK(world.status() == Status::permerror);
}

TEST_CASE("a matches the addresses of a host and their networks") {
    World world;
    world.dns.add("shop.example", Type::a, {"203.0.113.1"});
    world.dns.add("relay.example", Type::a, {"192.0.2.200"});
    world.dns.add("relay.example", Type::aaaa, {"2001:db8:1::1"});
    world.record("a -a:relay.example");
    CHECK(world.status() == Status::neutral);
    world.record("a -a:relay.example/24//48 ~all");
    CHECK(world.status() == Status::fail);
    world.ip = "2001:db8:1:ff::2";
    CHECK(world.status() == Status::fail);
    world.ip = "2001:db8:2::2";
    CHECK(world.status() == Status::softfail);
}

TEST_CASE("mx matches the hosts that take the domain's mail, up to ten") {
    World world;
    world.dns.add("shop.example", Type::mx, {"in1.example", "in2.example"});
    world.dns.add("in1.example", Type::a, {"192.0.2.1"});
    world.dns.add("in2.example", Type::a, {"192.0.2.25"});
    world.record("mx -all");
    CHECK(world.status() == Status::pass);
    world.dns.add("shop.example", Type::mx, {""});
    CHECK(world.status() == Status::fail);
    world.dns.add("shop.example", Type::mx, std::vector<std::string>(11, "in2.example"));
    CHECK(world.status() == Status::permerror);
    world.dns.add("shop.example", Type::mx, {"in2.example"});
    world.dns.fail("in2.example", Type::a);
    CHECK(world.status() == Status::temperror);
}

TEST_CASE("ptr matches confirmed names only, and never fails") {
    World world;
    world.record("ptr:shop.example -all");
    world.dns.add("25.2.0.192.in-addr.arpa", Type::ptr, {"out.shop.example"});
    CHECK(world.status() == Status::fail);
    world.dns.add("out.shop.example", Type::a, {"192.0.2.25"});
    CHECK(world.status() == Status::pass);
    world.dns.add("25.2.0.192.in-addr.arpa", Type::ptr, {"out.otherhop.example"});
    world.dns.add("out.otherhop.example", Type::a, {"192.0.2.25"});
    CHECK(world.status() == Status::fail);
    world.dns.fail("25.2.0.192.in-addr.arpa", Type::ptr);
    CHECK(world.status() == Status::fail);
}

TEST_CASE("exists asks for an A record at a name made of macros") {
    World world;
    world.ip = "2001:db8::7";
    world.record("exists:%{l}.%{d1}._ok.%{o} -all");
    CHECK(world.status() == Status::fail);
    world.dns.add("anna.example._ok.shop.example", Type::a, {"127.0.0.2"});
    CHECK(world.status() == Status::pass);
    world.from = "\"a b\"@shop.example";
    CHECK(world.status() == Status::fail);
}

TEST_CASE("the client's confirmed name can be part of a name") {
    World world;
    world.record("exists:%{p}.list.example -all");
    world.dns.add("25.2.0.192.in-addr.arpa", Type::ptr, {"x.example", "out.shop.example"});
    world.dns.add("x.example", Type::a, {"192.0.2.25"});
    world.dns.add("out.shop.example", Type::a, {"192.0.2.25"});
    world.dns.add("out.shop.example.list.example", Type::a, {"127.0.0.1"});
    CHECK(world.status() == Status::pass);
}

TEST_CASE("include matches on pass, and must have a record") {
    World world;
    world.record("include:spf.provider.example -all");
    CHECK(world.status() == Status::permerror);
    world.record("ip4:192.0.2.25 -all", "spf.provider.example");
    const auto outcome = world.check();
    CHECK(outcome.status == Status::pass);
    CHECK(outcome.mechanism == "include:spf.provider.example");
    world.record("~all", "spf.provider.example");
    CHECK(world.status() == Status::fail);
    world.record("oops", "spf.provider.example");
    CHECK(world.status() == Status::permerror);
    world.dns.fail("spf.provider.example", Type::txt);
    CHECK(world.status() == Status::temperror);
}

TEST_CASE("macros in an included record see that record's domain and the sender's") {
    World world;
    world.record("include:spf.provider.example -all");
    world.record("exists:%{o}.%{d}", "spf.provider.example");
    world.dns.add("shop.example.spf.provider.example", Type::a, {"127.0.0.1"});
    CHECK(world.status() == Status::pass);
}

TEST_CASE("redirect hands over the verdict, when nothing matched") {
    World world;
    world.record("redirect=spf.provider.example");
    CHECK(world.status() == Status::permerror);
    world.record("~all", "spf.provider.example");
    const auto outcome = world.check();
    CHECK(outcome.status == Status::softfail);
    CHECK(outcome.domain == "shop.example");
    world.record("redirect=spf.provider.example -all");
    CHECK(world.status() == Status::fail);
}

TEST_CASE("the eleventh term that asks the DNS is one too many") {
    World world;
    world.dns.add("host.example", Type::a, {"203.0.113.1"});
    std::string ten;
    for (int i = 0; i < 10; ++i)
        ten += "a:host.example ";
    world.record(ten + "ip4:203.0.113.0/24 +all");
    CHECK(world.status() == Status::pass);
    world.record(ten + "a:host.example +all");
    CHECK(world.status() == Status::permerror);
    world.record(ten + "redirect=spf.provider.example");
    CHECK(world.status() == Status::permerror);
}

TEST_CASE("a record that includes itself ends") {
    World world;
    world.record("include:shop.example -all");
    CHECK(world.status() == Status::permerror);
    CHECK(world.dns.asked.size() == 11);
}

TEST_CASE("the third look-up that finds nothing is one too many") {
    World world;
    world.record("a:no1.example a:no2.example +all");
    CHECK(world.status() == Status::pass);
    world.record("a:no1.example a:no2.example exists:no3.example +all");
    CHECK(world.status() == Status::permerror);
}

TEST_CASE("the null reverse-path stands for the HELO name") {
    World world;
    world.from.clear();
    world.record("exists:%{l}.test.example -all", "out.shop.example");
    world.dns.add("postmaster.test.example", Type::a, {"127.0.0.1"});
    CHECK(world.check().status == Status::pass);
    CHECK(world.check().domain == "out.shop.example");
    world.helo = "[192.0.2.25]";
    CHECK(world.status() == Status::none);
}

TEST_CASE("the HELO name is an identity of its own") {
    World world;
    world.record("-all", "out.shop.example");
    CHECK(world.hello().status == Status::fail);
    CHECK(world.hello().identity == Identity::helo);
    world.helo = "nonsense\r\n";
    CHECK(world.hello().status == Status::none);
    CHECK(world.hello().domain.empty());
}

TEST_CASE("a verdict is as secure as the weakest answer that led to it") {
    World world;
    world.record("include:spf.provider.example -all");
    world.dns.add(
        "spf.provider.example", Type::txt, {"v=spf1 a:host.example"}, dns::Security::insecure
    );
    world.dns.add("host.example", Type::a, {"192.0.2.25"});
    CHECK(world.check().security == dns::Security::insecure);
    world.dns.fail("host.example", Type::a, dns::Failure::Kind::bogus);
    CHECK(world.check().status == Status::temperror);
    CHECK(world.check().security == dns::Security::bogus);
}
