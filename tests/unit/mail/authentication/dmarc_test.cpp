// SPDX-License-Identifier: Apache-2.0
#include "core/mail/authentication/dmarc.hpp"

#include <doctest/doctest.h>

#include "core/mail/authentication/organizational_domain.hpp"
#include "tests/support/run.hpp"
#include "tests/support/zone_resolver.hpp"

using namespace outpost;
using namespace outpost::authentication;
using dns::Security;
using dns::Type;

namespace {

dns::Domain domain(std::string_view text) {
    return dns::Domain::parse(text).value();
}

spf::Outcome spf_of(
    const std::string& name, spf::Status status, Security security = Security::secure
) {
    spf::Outcome outcome;
    outcome.status = status;
    outcome.domain = name;
    outcome.security = security;
    return outcome;
}

dkim::SignatureResult signature_of(
    std::string_view name, dkim::Status status, Security security = Security::secure
) {
    dkim::SignatureResult result;
    result.status = status;
    result.signature.emplace();
    result.signature->domain = domain(name);
    result.key_security = security;
    return result;
}

struct World {
    test::ZoneResolver dns;
    std::string from = "news.shop.example";
    spf::Outcome spf = spf_of("other.example", spf::Status::pass);
    std::vector<dkim::SignatureResult> signatures;

    DmarcResult check() {
        asio::io_context loop;
        return test::run(loop, check_dmarc(domain(from), spf, signatures, dns, Deadline()));
    }
};

}  // namespace

TEST_CASE("organizational domains follow the public suffix list") {
    CHECK(organizational_domain(domain("a.b.example.co.uk")) == domain("example.co.uk"));
    CHECK(organizational_domain(domain("example.com")) == domain("example.com"));
    CHECK(organizational_domain(domain("co.uk")) == domain("co.uk"));
    CHECK(organizational_domain(domain("x.unlisted-tld")) == domain("x.unlisted-tld"));
}

TEST_CASE("records are known by their first tag, and forgive the rest") {
    CHECK(is_dmarc_record("v=DMARC1; p=none"));
    CHECK(is_dmarc_record(" v = DMARC1 ;p=none"));
    CHECK_FALSE(is_dmarc_record("v=dmarc1; p=none"));
    CHECK_FALSE(is_dmarc_record("p=none; v=DMARC1"));
    CHECK_FALSE(is_dmarc_record("v=DMARC12; p=none"));
    const auto record =
        parse_dmarc_record("v=DMARC1; p=Reject; ;odd; sp=quarantine; adkim=s; aspf=x; pct=1; z=9;");
    REQUIRE(record);
    CHECK(record->policy == DmarcPolicy::reject);
    CHECK(record->subdomain_policy == DmarcPolicy::quarantine);
    CHECK(record->dkim == Alignment::strict);
    CHECK(record->spf == Alignment::relaxed);
}

TEST_CASE("without a usable policy only a wish for reports makes a record count") {
    CHECK_FALSE(parse_dmarc_record("v=DMARC1"));
    CHECK_FALSE(parse_dmarc_record("v=DMARC1; p=everything; rua=shop"));
    const auto reports = parse_dmarc_record("v=DMARC1; p=reject; sp=odd; rua=mailto:a@b.example");
    REQUIRE(reports);
    CHECK(reports->policy == DmarcPolicy::none);
}

TEST_CASE("the author's domain comes from one From field with one domain") {
    CHECK(
        author_domain(mail::Header("From: \"x@evil.example\" <a@Shop.Example>\r\n\r\n")).value() ==
        domain("shop.example")
    );
    CHECK(author_domain(mail::Header("From: a@shop.example, b@shop.example\r\n\r\n")).has_value());
    CHECK_FALSE(author_domain(mail::Header("From: a@shop.example, b@evil.example\r\n\r\n")));
    CHECK_FALSE(author_domain(mail::Header("From: a@shop.example\r\nFROM: a@evil.example\r\n\r\n"))
    );
    CHECK_FALSE(author_domain(mail::Header("From: undisclosed\r\n\r\n")));
    CHECK_FALSE(author_domain(mail::Header("From: a@[192.0.2.1]\r\n\r\n")));
    CHECK_FALSE(author_domain(mail::Header("To: a@shop.example\r\n\r\n")));
}

TEST_CASE("a pass of somebody else's domain is no pass") {
    World world;
    world.dns.add("_dmarc.news.shop.example", Type::txt, {"v=DMARC1; p=reject"});
    world.signatures = {signature_of("other.example", dkim::Status::pass)};
    const auto result = world.check();
    CHECK(result.status == DmarcStatus::fail);
    CHECK(result.policy == DmarcPolicy::reject);
    CHECK(result.from == domain("news.shop.example"));
}

TEST_CASE("SPF or DKIM of the same organization is enough unless the record is strict") {
    World world;
    world.dns.add("_dmarc.news.shop.example", Type::txt, {"v=DMARC1; p=reject"});
    world.spf = spf_of("bounce.shop.example", spf::Status::pass);
    CHECK(world.check().status == DmarcStatus::pass);
    world.dns.add("_dmarc.news.shop.example", Type::txt, {"v=DMARC1; p=reject; aspf=s"});
    CHECK(world.check().status == DmarcStatus::fail);
    world.signatures = {signature_of("shop.example", dkim::Status::pass)};
    CHECK(world.check().status == DmarcStatus::pass);
    world.dns.add("_dmarc.news.shop.example", Type::txt, {"v=DMARC1; p=reject; aspf=s; adkim=s"});
    CHECK(world.check().status == DmarcStatus::fail);
    world.signatures.push_back(signature_of("news.shop.example", dkim::Status::pass));
    CHECK(world.check().status == DmarcStatus::pass);
    world.signatures.back().testing = true;
    CHECK(world.check().status == DmarcStatus::fail);
}

TEST_CASE("softfail is no pass, and what may pass later is not failed now") {
    World world;
    world.dns.add("_dmarc.news.shop.example", Type::txt, {"v=DMARC1; p=reject"});
    world.spf = spf_of("shop.example", spf::Status::softfail);
    CHECK(world.check().status == DmarcStatus::fail);
    world.signatures = {signature_of("shop.example", dkim::Status::temperror)};
    CHECK(world.check().status == DmarcStatus::temperror);
    world.spf = spf_of("shop.example", spf::Status::pass);
    CHECK(world.check().status == DmarcStatus::pass);
}

TEST_CASE("a domain without a record of its own takes its organization's") {
    World world;
    world.dns.add("_dmarc.shop.example", Type::txt, {"v=DMARC1; p=reject; sp=quarantine"});
    CHECK(world.check().policy == DmarcPolicy::quarantine);
    world.dns.add("_dmarc.shop.example", Type::txt, {"v=DMARC1; p=reject"});
    CHECK(world.check().policy == DmarcPolicy::reject);
    world.dns.add(
        "_dmarc.news.shop.example", Type::txt, {"v=spf1 -all", "v=DMARC1; p=none; sp=reject"}
    );
    CHECK(world.check().policy == DmarcPolicy::none);
}

TEST_CASE("no record, two records and no answer are no verdict") {
    World world;
    CHECK(world.check().status == DmarcStatus::none);
    world.dns.add(
        "_dmarc.news.shop.example", Type::txt, {"v=DMARC1; p=none", "v=DMARC1; p=reject"}
    );
    CHECK(world.check().status == DmarcStatus::none);
    CHECK_FALSE(world.check().policy.has_value());
    world.dns.fail("_dmarc.news.shop.example", Type::txt, dns::Failure::Kind::bogus);
    world.dns.add("_dmarc.shop.example", Type::txt, {"v=DMARC1; p=reject"});
    CHECK(world.check().status == DmarcStatus::temperror);
    CHECK(world.check().security == Security::bogus);
}

TEST_CASE("a pass is as secure as the record and the best aligned identity") {
    World world;
    world.dns.add("_dmarc.news.shop.example", Type::txt, {"v=DMARC1; p=reject"});
    world.spf = spf_of("shop.example", spf::Status::pass, Security::insecure);
    CHECK(world.check().security == Security::insecure);
    world.signatures = {signature_of("shop.example", dkim::Status::pass, Security::secure)};
    CHECK(world.check().security == Security::secure);
    world.signatures = {signature_of("shop.example", dkim::Status::fail, Security::secure)};
    CHECK(world.check().security == Security::insecure);
    world.dns.add(
        "_dmarc.news.shop.example", Type::txt, {"v=DMARC1; p=reject"}, Security::indeterminate
    );
    CHECK(world.check().security == Security::indeterminate);
}
