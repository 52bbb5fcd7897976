// SPDX-License-Identifier: Apache-2.0
#include "core/reception/inbound/receiving_policy.hpp"

#include <doctest/doctest.h>

#include "core/mail/authentication/dkim/key_record.hpp"
#include "core/mail/authentication/dkim/signer.hpp"
#include "core/mail/message/header.hpp"
#include "core/mail/message/submission.hpp"
#include "tests/support/run.hpp"
#include "tests/support/zone_resolver.hpp"
#include "tests/unit/reception/inbound/boxes.hpp"

using namespace outpost;
using namespace outpost::inbound;
using dns::Security;
using dns::Type;
using test::address;
using test::Box;

namespace {

const std::string header =
    "From: Reports <tls@provider.example>\r\nTo: tls@us.example\r\nSubject: Report\r\n\r\n";
const std::string body = "A report of more octets than a short string would hold.\r\n";

/// A listener with two mailboxes, and a provider that signs what it sends to them.
struct World {
    std::shared_ptr<Box> reports =
        std::make_shared<Box>(std::set{address("tls@us.example"), address("tls@mx.us.example")});
    std::shared_ptr<Box> bounces = std::make_shared<Box>(std::set{address("b-1@bounces.example")});
    std::shared_ptr<test::ZoneResolver> dns = std::make_shared<test::ZoneResolver>();
    metrics::Registry metrics;
    asio::io_context loop;  // outlives whoever posts to it
    asio::thread_pool workers{1};
    bool store_is_up = true;
    submission::ListenerSettings settings;
    smtp::ServerClient client;
    smtp::Transaction transaction;
    std::string message;

    World() {
        const auto key = dkim::PrivateKey::make_ed25519();
        dkim::DomainSettings signing;
        signing.keys["s1"] = key;
        const auto provider = dns::Domain::parse("provider.example").value();
        message = dkim::sign_as(provider, signing, mail::Header(header), {body}, WallClock::now()) +
                  header + body;
        dns->add(
            "25.2.0.192.in-addr.arpa", Type::ptr, {"out.provider.example"}, Security::insecure
        );
        dns->add("out.provider.example", Type::a, {"192.0.2.25"});
        dns->add("out.provider.example", Type::txt, {"v=spf1 a -all"});
        dns->add("provider.example", Type::txt, {"v=spf1 ip4:192.0.2.0/24 -all"});
        dns->add("s1._domainkey.provider.example", Type::txt, {dkim::key_record(key)});
        dns->add("_dmarc.provider.example", Type::txt, {"v=DMARC1; p=reject"});

        settings.receive = true;
        client.ip = "192.0.2.25";
        client.helo = "out.provider.example";
        client.extended = true;
        transaction.mail.from = address("tls@provider.example");
    }

    ReceivingPolicy policy() {
        submission::Entrance::Parts entrance{
            settings,
            "public",
            "mx.us.example",
            std::make_shared<submission::ConnectionCounter>(),
            std::make_shared<submission::RateLimiter>(std::chrono::minutes(1)),
            submission::MessageCounters(metrics, "public", settings.source())
        };
        ReceivingPolicy::Parts parts{
            submission::Entrance(std::move(entrance)),
            {reports, bounces},
            dns,
            &workers,
            [this] { return store_is_up; }
        };
        return ReceivingPolicy(std::move(parts));
    }

    /// The answer to a recipient: "250", or what is said instead.
    std::string offer(const std::string& recipient) {
        smtp::Recipient rcpt;
        rcpt.address = address(recipient);
        auto rules = policy();
        const auto refusal = test::run(loop, rules.check_recipient(client, transaction, rcpt));
        return refusal ? refusal->text() : "250";
    }

    /// The answer to the message's end.
    std::string send(const std::vector<std::string>& recipients) {
        return send(recipients, std::vector<std::string>{message});
    }
    std::string send(const std::vector<std::string>& recipients, std::vector<std::string> chunks) {
        auto sent = transaction;
        for (const auto& recipient : recipients) {
            smtp::Recipient rcpt;
            rcpt.address = address(recipient);
            sent.recipients.push_back(rcpt);
        }
        auto rules = policy();
        return test::run(loop, rules.accept(client, sent, std::move(chunks))).text();
    }

    double counted(const std::string& answer) {
        const auto line =
            "outpost_messages_total{listener=\"public\",source=\"receive\",answer=\"" + answer +
            "\"} ";
        const auto text = metrics.text();
        const auto at = text.find(line);
        return at == text.npos ? -1 : std::stod(text.substr(at + line.size()));
    }
};

std::string field(const Received& message, const std::string& name) {
    const auto found = mail::find_field(message.content->header(), name);
    return found ? found->value() : "";
}

}  // namespace

TEST_CASE("mail is taken for the addresses of mailboxes, and nothing is relayed") {
    World world;
    CHECK(world.offer("tls@us.example") == "250");
    CHECK(world.offer("b-1@bounces.example") == "250");
    for (const char* other : {"someone@elsewhere.example", "b-2@bounces.example", "x@us.example"}) {
        CHECK(
            world.offer(other) ==
            "550 5.7.1 this host takes reports and bounces to their addresses, "
            "and no other mail"
        );
    }
}

TEST_CASE("what is taken has a trace and verdicts on top, each with its DNSSEC status") {
    World world;
    world.client.tls.emplace();
    world.client.tls->version = "TLSv1.3";
    world.client.tls->cipher = "TLS_AES_256_GCM_SHA384";
    CHECK(world.send({"tls@us.example"}) == "250 2.0.0 taken");
    REQUIRE(world.reports->got().size() == 1);
    const auto got = world.reports->got().front();
    CHECK(got.mail_from == address("tls@provider.example"));
    CHECK(got.recipient == address("tls@us.example"));
    CHECK(got.client == "192.0.2.25 helo out.provider.example");
    CHECK(got.verdicts.dmarc.status == authentication::DmarcStatus::pass);
    REQUIRE(got.verdicts.dkim.size() == 1);
    CHECK(got.verdicts.dkim[0].passed());

    const mail::Header fields(got.content->header());
    REQUIRE(fields.field_count() >= 4);
    CHECK(fields.field(0).whole == "Return-Path: <tls@provider.example>\r\n");
    CHECK(fields.field(1).name == "Authentication-Results");
    CHECK(fields.field(2).name == "Received");
    CHECK(fields.field(3).name == "DKIM-Signature");
    const auto results = fields.field(1).value();
    for (const char* result :
         {"mx.us.example; iprev=pass policy.iprev=192.0.2.25 (dnssec: insecure; ",
          "spf=pass smtp.helo=out.provider.example (dnssec: secure",
          "spf=pass smtp.mailfrom=provider.example (dnssec: secure",
          "dkim=pass header.d=provider.example header.s=s1",
          "dmarc=pass header.from=provider.example policy.dmarc=reject (dnssec: secure)"}) {
        CHECK_MESSAGE(results.find(result) != results.npos, result, "\n", results);
    }
    const auto trace = fields.field(2).value();
    CHECK(trace.starts_with(
        "from out.provider.example (out.provider.example [192.0.2.25]) "
        "(iprev=pass dnssec=insecure) by mx.us.example with ESMTPS "
        "(TLSv1.3 with TLS_AES_256_GCM_SHA384) id " +
        got.id + " for <tls@us.example>; "
    ));
    CHECK(got.id.size() == 16);
    CHECK(world.counted("accepted") == 1);
}

TEST_CASE("verdicts that fail are written down and refuse nothing") {
    World world;
    world.client.ip = "203.0.113.66";
    world.message.replace(world.message.find("A report"), 8, "A forged");
    CHECK(world.send({"tls@us.example"}).starts_with("250"));
    const auto results = field(world.reports->got().front(), "Authentication-Results");
    for (const char* result :
         {"iprev=permerror", "spf=fail smtp.mailfrom", "dkim=fail", "dmarc=fail"})
        CHECK_MESSAGE(results.find(result) != results.npos, result, "\n", results);
    CHECK(
        field(world.reports->got().front(), "Received").find("(iprev=permerror ") !=
        std::string::npos
    );
}

TEST_CASE("results that strangers claim in our name are removed") {
    World world;
    world.message =
        "Authentication-Results: mx.us.example; dkim=pass header.d=bank.example\r\n"
        "Authentication-Results: other.example; spf=pass\r\n" +
        header + body;
    CHECK(world.send({"tls@us.example"}).starts_with("250"));
    const auto& text = world.reports->got().front().content->header();
    CHECK(text.find("bank.example") == std::string::npos);
    CHECK(text.find("other.example; spf=pass") != std::string::npos);
    CHECK(mail::Header(text).count("Authentication-Results") == 2);
}

TEST_CASE("each mailbox gets the message once for each of its recipients") {
    World world;
    world.transaction.mail.from = {};
    const auto answer =
        world.send({"tls@us.example", "b-1@bounces.example", "tls@mx.us.example", "tls@US.example"}
        );
    CHECK(answer.starts_with("250"));
    CHECK(world.reports->got().size() == 2);
    REQUIRE(world.bounces->got().size() == 1);
    const auto got = world.bounces->got().front();
    CHECK(got.recipient == address("b-1@bounces.example"));
    CHECK(got.mail_from.is_null());
    CHECK(got.content->header().starts_with("Return-Path: <>\r\n"));
    CHECK(field(got, "Received").find(" for <") == std::string::npos);
    CHECK(world.counted("accepted") == 1);
}

TEST_CASE("the answer for several recipients is the one after which nothing is lost") {
    const auto answer = [](int reports, int bounces) {
        World world;
        const auto reply = [](int code) {
            const auto status = std::to_string(code / 100) + ".0.0";
            return code == 0 ? smtp::Reply{} : smtp::make_reply(code, status, "said");
        };
        world.reports->answer = reply(reports);
        world.bounces->answer = reply(bounces);
        const auto text = world.send({"tls@us.example", "b-1@bounces.example"});
        CHECK(world.reports->got().size() == 1);  // whatever the other says
        CHECK(world.bounces->got().size() == 1);
        return text.substr(0, 3);
    };
    constexpr int thrown = 0;
    CHECK(answer(250, 250) == "250");
    CHECK(answer(250, 554) == "554");
    CHECK(answer(554, 250) == "554");
    CHECK(answer(554, 452) == "452");
    CHECK(answer(452, 250) == "452");
    CHECK(answer(250, thrown) == "451");
    CHECK(answer(thrown, 554) == "451");
}

TEST_CASE("a mailbox that fails puts the message off") {
    World world;
    world.reports->answer = {};
    CHECK(world.send({"tls@us.example"}) == "451 4.3.0 this cannot be kept now, try again later");
    CHECK(world.counted("deferred") == 1);
}

TEST_CASE("while nothing can be kept, MAIL is answered with 451") {
    World world;
    const auto mail = [&world] {
        auto rules = world.policy();
        return test::run(world.loop, rules.check_mail(world.client, world.transaction));
    };
    CHECK_FALSE(mail().has_value());
    world.store_is_up = false;
    REQUIRE(mail().has_value());
    CHECK(mail()->code == 451);
}

TEST_CASE("circles and giant headers are refused before anything is looked up") {
    World world;
    std::string circles;
    for (std::size_t i = 0; i <= world.settings.max_received_fields; ++i)
        circles += "Received: from a by b; Thu, 26 Nov 2026 08:00:00 +0000\r\n";
    world.message.insert(0, circles);
    CHECK(world.send({"tls@us.example"}).starts_with("554 5.4.6"));
    world.message = "X-Large: " + std::string(mail::longest_header, 'x') + "\r\n\r\n" + body;
    CHECK(world.send({"tls@us.example"}).starts_with("552 5.3.4"));
    CHECK(world.dns->asked.empty());
    CHECK(world.reports->got().empty());
    CHECK(world.counted("refused") == 2);
}

TEST_CASE("a body is held once, however many recipients it has") {
    World world;
    const std::string large(4 << 20, 'x');
    std::vector<std::string> chunks{header, large};
    const char* const octets = chunks[1].data();
    CHECK(
        world.send({"tls@us.example", "b-1@bounces.example"}, std::move(chunks)).starts_with("250")
    );
    for (const auto& box : {world.reports, world.bounces}) {
        const auto content = box->got().front().content;
        REQUIRE(content->body().size() == 1);
        CHECK(content->body()[0].data() == octets);
        CHECK(content->size() == content->header().size() + large.size());
    }
}

TEST_CASE("messages a minute are bounded for each client") {
    World world;
    world.settings.max_messages_per_minute = 1;
    auto rules = world.policy();
    CHECK_FALSE(test::run(world.loop, rules.check_mail(world.client, world.transaction)).has_value()
    );
    const auto refusal = test::run(world.loop, rules.check_mail(world.client, world.transaction));
    REQUIRE(refusal);
    CHECK(refusal->code == 450);
    world.client.ip = "192.0.2.26";
    CHECK_FALSE(test::run(world.loop, rules.check_mail(world.client, world.transaction)).has_value()
    );
}
