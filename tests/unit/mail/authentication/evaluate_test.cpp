// SPDX-License-Identifier: Apache-2.0
#include "core/mail/authentication/evaluate.hpp"

#include <doctest/doctest.h>

#include <memory>

#include "core/mail/authentication/dkim/key_record.hpp"
#include "core/mail/authentication/dkim/signer.hpp"
#include "core/mail/authentication/field.hpp"
#include "tests/support/run.hpp"
#include "tests/support/zone_resolver.hpp"

using namespace outpost;
using namespace outpost::authentication;
using dns::Security;
using dns::Type;

namespace {

const WallTime now{std::chrono::seconds(1'764'115'200)};
const std::string header =
    "From: Anna <anna@news.shop.example>\r\nTo: b@outpost.example\r\nSubject: Hello\r\n\r\n";
const std::string body = "Good day.\r\n";

/// A message that shop.example signs and sends, and what it publishes for that.
struct World {
    test::ZoneResolver dns;
    ReceivedMessage message;

    World() {
        const auto key = dkim::PrivateKey::make_ed25519();
        dkim::DomainSettings settings;
        settings.keys["s1"] = key;
        const auto field = dkim::sign_as(
            dns::Domain::parse("shop.example").value(), settings, mail::Header(header), {body}, now
        );
        message.client = asio::ip::make_address("192.0.2.25");
        message.helo = "out.shop.example";
        message.mail_from = mail::Address::parse("bounce@shop.example").value();
        receive(field + header, body);
        dns.add("25.2.0.192.in-addr.arpa", Type::ptr, {"out.shop.example"}, Security::insecure);
        dns.add("out.shop.example", Type::a, {"192.0.2.25"});
        dns.add("out.shop.example", Type::txt, {"v=spf1 a -all"});
        dns.add("shop.example", Type::txt, {"v=spf1 ip4:192.0.2.0/24 -all"});
        dns.add("s1._domainkey.shop.example", Type::txt, {dkim::key_record(key)});
        dns.add("_dmarc.shop.example", Type::txt, {"v=DMARC1; p=reject"});
    }
    void receive(std::string fields, std::string text) {
        message.header = std::make_shared<const mail::Header>(std::move(fields));
        message.body = std::make_shared<const std::vector<std::string>>(1, std::move(text));
    }
    Verdicts evaluate() {
        asio::io_context loop;
        return test::run(loop, authentication::evaluate(message, dns, Deadline(), now));
    }
};

}  // namespace

TEST_CASE("a message that is all right passes every method") {
    World world;
    const auto verdicts = world.evaluate();
    CHECK(verdicts.iprev.status == IprevStatus::pass);
    CHECK(verdicts.iprev.security == Security::insecure);
    CHECK(verdicts.helo.status == spf::Status::pass);
    REQUIRE(verdicts.mail_from);
    CHECK(verdicts.mail_from->status == spf::Status::pass);
    CHECK(verdicts.mail_from->security == Security::secure);
    REQUIRE(verdicts.dkim.size() == 1);
    CHECK(verdicts.dkim[0].passed());
    CHECK(verdicts.dmarc.status == DmarcStatus::pass);
    CHECK(verdicts.dmarc.security == Security::secure);
}

TEST_CASE("hashing on a worker thread changes no verdict") {
    World world;
    asio::io_context loop;  // outlives whoever posts to it
    asio::thread_pool workers(1);
    auto task = authentication::evaluate(world.message, world.dns, Deadline(), now, &workers);
    const auto verdicts = test::run(loop, std::move(task));
    REQUIRE(verdicts.dkim.size() == 1);
    CHECK(verdicts.dkim[0].passed());
    CHECK(verdicts.dmarc.status == DmarcStatus::pass);
}

TEST_CASE("of a flood of signatures only the first few are kept") {
    World world;
    std::string flood;
    for (int i = 0; i < 5000; ++i)
        flood += "DKIM-Signature: x\r\n";
    world.receive(flood + world.message.header->str(), body);
    CHECK(world.evaluate().dkim.size() == most_signatures_shown);
}

TEST_CASE("a changed message from another address fails what it should") {
    World world;
    world.receive(world.message.header->str(), "Good buy.\r\n");
    CHECK(world.evaluate().dmarc.status == DmarcStatus::pass);  // SPF alone is enough
    world.message.client = asio::ip::make_address("203.0.113.66");
    const auto verdicts = world.evaluate();
    CHECK(verdicts.iprev.status == IprevStatus::permerror);
    CHECK(verdicts.helo.status == spf::Status::fail);
    CHECK(verdicts.mail_from->status == spf::Status::fail);
    CHECK(verdicts.dkim[0].status == dkim::Status::fail);
    CHECK(verdicts.dmarc.status == DmarcStatus::fail);
    CHECK(verdicts.dmarc.policy == DmarcPolicy::reject);
}

TEST_CASE("with the null reverse-path the HELO name is what DMARC takes") {
    World world;
    world.message.mail_from = {};
    world.receive(header, body);
    const auto verdicts = world.evaluate();
    CHECK_FALSE(verdicts.mail_from.has_value());
    CHECK(verdicts.dkim.empty());
    CHECK(verdicts.dmarc.status == DmarcStatus::pass);
    world.message.helo = "[192.0.2.25]";
    CHECK(world.evaluate().helo.status == spf::Status::none);
    CHECK(world.evaluate().dmarc.status == DmarcStatus::fail);
}

TEST_CASE("a message without an author is judged by the other methods alone") {
    World world;
    world.receive("Subject: none\r\n\r\n", body);
    const auto verdicts = world.evaluate();
    CHECK(verdicts.mail_from->status == spf::Status::pass);
    CHECK(verdicts.dmarc.status == DmarcStatus::permerror);
    CHECK(verdicts.dmarc.from.empty());
}

TEST_CASE("a forged answer is seen in the method that it was for") {
    World world;
    world.dns.fail("s1._domainkey.shop.example", Type::txt, dns::Failure::Kind::bogus);
    const auto verdicts = world.evaluate();
    CHECK(verdicts.dkim[0].status == dkim::Status::temperror);
    CHECK(verdicts.dkim[0].key_security == Security::bogus);
    CHECK(verdicts.dmarc.status == DmarcStatus::pass);
    CHECK(verdicts.dmarc.security == Security::secure);
}
