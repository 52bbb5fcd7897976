// SPDX-License-Identifier: Apache-2.0
#include "core/cli/quickstart_survey.hpp"

#include <doctest/doctest.h>

#include "tests/support/run.hpp"
#include "tests/support/zone_resolver.hpp"

using namespace outpost;
using cli::Survey;
using cli::SurveyQuestion;
using dns::Type;
using test::ZoneResolver;

namespace {

dns::Domain name(std::string_view text) {
    return dns::Domain::parse(text).value();
}

net::IpAddress ip(const char* text) {
    return asio::ip::make_address(text);
}

SurveyQuestion about_mail() {
    return {name("example.org"), name("mail.example.org"), {ip("203.0.114.7")}, {}};
}

/// Where all is as it should be.
ZoneResolver good_zone() {
    ZoneResolver zone;
    zone.add("com", Type::ns, {"a.gtld-servers.net"})
        .add("mail.example.org", Type::a, {"203.0.114.7"})
        .add("7.114.0.203.in-addr.arpa", Type::ptr, {"mail.example.org"})
        .add("example.org", Type::mx, {"mx.provider.example"});
    return zone;
}

Survey run(const SurveyQuestion& question, ZoneResolver& zone) {
    asio::io_context loop;
    return test::run(loop, cli::survey(question, zone, Deadline::in(std::chrono::seconds(5))));
}

/// The only warning.
std::string warning(const Survey& found) {
    REQUIRE(found.warnings.size() == 1);
    return found.warnings.front();
}

bool says(const std::string& text, const char* words) {
    INFO(text);
    return text.find(words) != std::string::npos;
}

}  // namespace

TEST_CASE("the full name of a machine is its own, or that of /etc/hosts, and never an inner one") {
    const auto full = [](const char* system, const char* hosts) {
        const auto found = cli::full_host_name(system, hosts);
        return found ? found->ascii() : "";
    };
    CHECK(full("Mail.Example.org", "") == "mail.example.org");
    CHECK(
        full("mail", "127.0.0.1 localhost\n127.0.1.1\tmail.example.org mail # me\n") ==
        "mail.example.org"
    );
    CHECK(full("mail", "# 127.0.1.1 mail.example.org mail\n127.0.1.1 mail\n") == "");
    CHECK(full("mail", "192.0.2.1 other.example.org other\n") == "");
    CHECK(full("localhost", "127.0.0.1 localhost.localdomain localhost\n") == "");
    CHECK(full("laptop.local", "") == "");
    CHECK(full("", "") == "");
    CHECK(full("192.0.2.1", "") == "");
}

TEST_CASE("where all is well nothing is warned of") {
    auto zone = good_zone();
    const auto found = run(about_mail(), zone);
    CHECK(found.warnings.empty());
    CHECK(found.hostname.ascii() == "mail.example.org");
    CHECK(found.addresses == std::vector{ip("203.0.114.7")});
    CHECK(found.mx == std::vector<std::string>{"mx.provider.example"});
    CHECK(found.spf.mechanisms.empty());
}

TEST_CASE("without a name server the machine's own addresses are taken, and nobody is asked twice"
) {
    ZoneResolver zone;
    zone.fail("com", Type::ns);
    auto question = about_mail();
    question.own_addresses = {ip("127.0.0.1"), ip("10.0.0.1"), ip("203.0.114.7")};
    question.hostname.reset();
    const auto found = run(question, zone);
    CHECK(found.hostname.ascii() == "mail.example.org");
    CHECK(found.addresses == std::vector{ip("203.0.114.7")});
    CHECK(zone.asked.size() == 1);
    REQUIRE(found.warnings.size() == 2);
    CHECK(says(found.warnings[0], "No name server answers"));
    CHECK(says(found.warnings[1], "no full name of its own"));
}

TEST_CASE("a name server that answers badly is asked on") {
    auto zone = good_zone();
    zone.fail("com", Type::ns, dns::Failure::Kind::refused);
    const auto found = run(about_mail(), zone);
    CHECK(says(warning(found), "does not know the domain com"));
    CHECK(found.mx.size() == 1);
}

TEST_CASE("answers that are not secure cost DANE") {
    auto zone = good_zone();
    zone.add("com", Type::ns, {"a.gtld-servers.net"}, dns::Security::indeterminate);
    CHECK(says(warning(run(about_mail(), zone)), "without DANE"));
}

TEST_CASE("a machine without a name is called after its address") {
    auto zone = good_zone();
    auto question = about_mail();
    question.hostname.reset();
    const auto found = run(question, zone);
    CHECK(found.hostname.ascii() == "mail.example.org");
    CHECK(says(warning(found), "after its address 203.0.114.7"));
}

TEST_CASE("a host that is not in the DNS yet gets this machine's addresses") {
    auto zone = good_zone();
    zone.add("mail.example.org", Type::a, {});
    auto found = run(about_mail(), zone);
    CHECK(found.addresses == std::vector{ip("203.0.114.7")});
    REQUIRE(found.warnings.size() == 2);
    CHECK(says(found.warnings[0], "no address in the DNS yet: those of this machine"));
    CHECK(says(found.warnings[1], "no name that leads back to it"));
    auto question = about_mail();
    question.own_addresses = {ip("10.0.0.1")};
    found = run(question, zone);
    CHECK(found.addresses.empty());
    CHECK(says(warning(found), "outgoing_addresses"));
}

TEST_CASE("a host name that leads elsewhere, or through a translation, is noticed") {
    auto zone = good_zone();
    auto question = about_mail();
    question.own_addresses = {ip("203.0.114.8")};
    CHECK(says(warning(run(question, zone)), "but this machine has 203.0.114.8"));
    question.own_addresses = {ip("10.0.0.1")};
    const auto found = run(question, zone);
    CHECK(says(warning(found), "translates"));
    CHECK(found.addresses == std::vector{ip("203.0.114.7")});
}

TEST_CASE("loopback is no address for mail") {
    auto zone = good_zone();
    zone.add("mail.example.org", Type::a, {"127.0.1.1", "203.0.114.7"});
    const auto found = run(about_mail(), zone);
    CHECK(found.addresses == std::vector{ip("203.0.114.7")});
    CHECK(says(warning(found), "127.0.1.1"));
}

TEST_CASE("an address with another name, without one, or in doubt") {
    auto zone = good_zone();
    zone.add("7.114.0.203.in-addr.arpa", Type::ptr, {"host7.network.example"})
        .add("host7.network.example", Type::a, {"203.0.114.7"});
    CHECK(says(warning(run(about_mail(), zone)), "is called 'host7.network.example'"));
    zone.add("7.114.0.203.in-addr.arpa", Type::ptr, {"liar.example"});
    CHECK(says(warning(run(about_mail(), zone)), "no name that leads back to it"));
    zone.fail("7.114.0.203.in-addr.arpa", Type::ptr);
    CHECK(says(warning(run(about_mail(), zone)), "could not be looked up"));
}

TEST_CASE("a domain without MX receives nothing") {
    for (const auto& hosts : {std::vector<std::string>{}, std::vector<std::string>{""}}) {
        auto zone = good_zone();
        zone.add("example.org", Type::mx, hosts);
        const auto found = run(about_mail(), zone);
        CHECK(found.mx.empty());
        CHECK(says(warning(found), "has no MX"));
    }
}

TEST_CASE("TLS reports that would go to another host are noticed") {
    auto zone = good_zone();
    zone.add("mail.example.org", Type::mx, {"mail.example.org"});
    CHECK(run(about_mail(), zone).warnings.empty());
    zone.add("mail.example.org", Type::mx, {"mx.provider.example"});
    CHECK(says(warning(run(about_mail(), zone)), "goes to 'mx.provider.example'"));
}

TEST_CASE("who sends for the domain already may go on") {
    auto zone = good_zone();
    zone.add(
        "example.org", Type::txt,
        {"site-verification=1",
         "v=spf1 mx ip4:203.0.114.7 ip4:192.0.2.0/24 include:_spf.provider.example -all a"}
    );
    const auto found = run(about_mail(), zone);
    CHECK(
        found.spf.mechanisms ==
        std::vector<std::string>{"mx", "ip4:192.0.2.0/24", "include:_spf.provider.example"}
    );
    CHECK(found.spf.fail_others);
    CHECK(says(warning(found), "publishes SPF already"));
}

TEST_CASE("of SPF records that are not valid nothing is taken over") {
    auto zone = good_zone();
    zone.add("example.org", Type::txt, {"v=spf1 a -all", "v=spf1 mx -all"});
    auto found = run(about_mail(), zone);
    CHECK(found.spf.mechanisms.empty());
    CHECK(says(warning(found), "invalid"));
    zone.add("example.org", Type::txt, {"v=spf1 nonsense -all"});
    found = run(about_mail(), zone);
    CHECK_FALSE(found.spf.fail_others);
    CHECK(says(warning(found), "invalid"));
}

TEST_CASE("an SPF record that leads to another one is told of") {
    auto zone = good_zone();
    zone.add("example.org", Type::txt, {"v=spf1 a redirect=_spf.provider.example"});
    const auto found = run(about_mail(), zone);
    CHECK(found.spf.mechanisms == std::vector<std::string>{"a"});
    CHECK_FALSE(found.spf.fail_others);
    REQUIRE(found.warnings.size() == 2);
    CHECK(says(found.warnings[1], "include:_spf.provider.example"));
}

TEST_CASE("no quote of a stranger gets into the configuration") {
    auto zone = good_zone();
    zone.add("example.org", Type::txt, {R"(v=spf1 a exists:"%{i}.example -all)"});
    const auto found = run(about_mail(), zone);
    for (const auto& mechanism : found.spf.mechanisms)
        CHECK(mechanism == "a");
    CHECK_FALSE(found.warnings.empty());
}

TEST_CASE("a DMARC policy that is published stays") {
    auto zone = good_zone();
    zone.add("_dmarc.example.org", Type::txt, {"v=DMARC1; p=reject; rua=mailto:d@example.org"});
    const auto found = run(about_mail(), zone);
    CHECK(found.dmarc == authentication::DmarcPolicy::reject);
    CHECK(says(warning(found), "publishes DMARC already"));
}

TEST_CASE("port 25 is tried only when asked for, and what stands in its way is said") {
    auto zone = good_zone();
    zone.add("far.example", Type::mx, {"mx.far.example"})
        .add("mx.far.example", Type::a, {"127.0.0.2"});
    auto question = about_mail();
    question.dial = name("far.example");
    // Whether something listens there or not: no more than one warning, and it names the host.
    const auto found = run(question, zone);
    CHECK(found.warnings.size() <= 1);
    for (const auto& text : found.warnings)
        CHECK(says(text, "Port 25 of mx.far.example could not be reached"));
    zone.add("far.example", Type::mx, {""});
    CHECK(says(warning(run(question, zone)), "was not tried"));
}
