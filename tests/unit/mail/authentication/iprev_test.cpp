// SPDX-License-Identifier: Apache-2.0
#include "core/mail/authentication/iprev.hpp"

#include <doctest/doctest.h>

#include "core/net/dns/reverse.hpp"
#include "tests/support/run.hpp"
#include "tests/support/zone_resolver.hpp"

using namespace outpost;
using namespace outpost::authentication;
using dns::Type;

namespace {

const std::string reverse = "25.2.0.192.in-addr.arpa";

IprevResult check(test::ZoneResolver& dns, const char* address = "192.0.2.25") {
    asio::io_context loop;
    return test::run(loop, check_iprev(asio::ip::make_address(address), dns, Deadline()));
}

}  // namespace

TEST_CASE("addresses are turned round for their PTR records") {
    CHECK(dns::reverse_name(asio::ip::make_address("::ffff:192.0.2.25")) == reverse);
    CHECK(
        dns::reverse_name(asio::ip::make_address("2001:db8::12")) ==
        "2.1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa"
    );
}

TEST_CASE("a name must lead back to the address") {
    test::ZoneResolver dns;
    CHECK(check(dns).status == IprevStatus::permerror);
    dns.add(reverse, Type::ptr, {"liar.example", "Out.shop.example"});
    CHECK(check(dns).status == IprevStatus::fail);
    dns.add("liar.example", Type::a, {"203.0.113.9"});
    dns.add("out.shop.example", Type::a, {"203.0.113.10", "192.0.2.25"}, dns::Security::insecure);
    const auto result = check(dns);
    CHECK(result.status == IprevStatus::pass);
    CHECK(result.name == "out.shop.example");
    CHECK(result.security == dns::Security::insecure);
}

TEST_CASE("an IPv6 address is confirmed by AAAA records") {
    test::ZoneResolver dns;
    dns.add(dns::reverse_name(asio::ip::make_address("2001:db8::12")), Type::ptr, {"six.example"});
    dns.add("six.example", Type::aaaa, {"2001:db8:0::12"});
    CHECK(check(dns, "2001:db8::12").status == IprevStatus::pass);
}

TEST_CASE("without an answer nothing is said against the client") {
    test::ZoneResolver dns;
    dns.fail(reverse, Type::ptr);
    CHECK(check(dns).status == IprevStatus::temperror);
    dns.add(reverse, Type::ptr, {"slow.example", "out.shop.example"});
    dns.fail("slow.example", Type::a);
    CHECK(check(dns).status == IprevStatus::temperror);
    dns.add("out.shop.example", Type::a, {"192.0.2.25"});
    CHECK(check(dns).status == IprevStatus::pass);
}

TEST_CASE("of very many names only ten are looked at") {
    test::ZoneResolver dns;
    dns.add(reverse, Type::ptr, std::vector<std::string>(50, "many.example"));
    CHECK(check(dns).status == IprevStatus::fail);
    CHECK(dns.asked.size() == 11);
}
