// SPDX-License-Identifier: Apache-2.0
#include "core/reception/submission/accept.hpp"

#include <doctest/doctest.h>

#include <ctime>
#include <stdexcept>

#include "core/mail/authentication/dkim/key_record.hpp"
#include "core/mail/authentication/dkim/verify.hpp"
#include "core/mail/message/header.hpp"
#include "core/mail/smtp/server_reply.hpp"
#include "tests/support/memory_queue_store.hpp"
#include "tests/support/run.hpp"

using namespace outpost;
using namespace outpost::submission;

namespace {

mail::Address address(std::string_view text) {
    return mail::Address::parse(text).value();
}

Arrival arrival(std::string content) {
    Arrival a;
    a.source = "submission";
    a.account = "shop";
    a.mail_from = address("a@b.example");
    a.recipients = {{address("c@d.example"), {}, ""}};
    a.content = {std::move(content)};
    a.client = "192.0.2.7 helo client.example";
    a.trace.helo = "client.example";
    a.trace.client_ip = "192.0.2.7";
    a.trace.by = "mx.example.org";
    a.trace.protocol = "ESMTPSA";
    return a;
}

struct Desk {
    std::string accept(Arrival a) {
        return smtp::wire(test::run(loop, acceptor.accept(std::move(a))));
    }
    queue::NewMessage only() {
        REQUIRE(store.messages().size() == 1);
        return store.messages().front();
    }

    asio::io_context loop;
    test::MemoryQueueStore store;
    Acceptor acceptor{store};
};

std::string whole(const queue::NewMessage& message) {
    std::string all = message.content->header();
    for (const auto& chunk : message.content->body())
        all += chunk;
    return all;
}

}  // namespace

TEST_CASE("a message is signed once it is complete, by the keys of its author's domain") {
    for (const auto& key : {dkim::PrivateKey::make_ed25519(), dkim::PrivateKey::make_rsa()}) {
        dkim::Signer::Domains domains;
        domains[dns::Domain::parse("b.example").value()].keys["s"] = key;
        const auto signer = std::make_shared<const dkim::Signer>(
            domains,
            [](const std::string& account, const mail::Address&) { return account == "shop"; }
        );
        Desk desk;
        auto ours = arrival("From: a@b.example\r\nBcc: hidden@d.example\r\n\r\nHello\r\n");
        ours.signer = signer;
        auto not_theirs = ours;
        not_theirs.account = "other";
        CHECK(desk.accept(std::move(ours)).starts_with("250 "));
        CHECK(desk.accept(std::move(not_theirs)).starts_with("250 "));
        const auto messages = desk.store.messages();
        REQUIRE(messages.size() == 2);
        CHECK(messages[0].content->header().starts_with("DKIM-Signature: v=1; a="));
        CHECK(messages[0].signed_by == "b.example s");
        CHECK(mail::Header(messages[1].content->header()).count("DKIM-Signature") == 0);
        CHECK(messages[1].signed_by.empty());

        dns::Answer answer;
        answer.records.push_back({dns::Type::txt, 0, dkim::key_record(key)});
        const dkim::KeyAnswers answers{{"s._domainkey.b.example", answer}};
        const auto results = dkim::judge(*messages[0].content, answers, {});
        REQUIRE(results.size() == 1);
        CHECK(results[0].passed());
    }
}

TEST_CASE("each octet of a header section is parsed once on acceptance") {
    dkim::Signer::Domains domains;
    domains[dns::Domain::parse("b.example").value()].keys["s"] = dkim::PrivateKey::make_ed25519();
    Desk desk;
    const std::string bcc = "Bcc: hidden@d.example\r\n", key = "X-Outpost-Idempotency-Key: k\r\n";
    auto a = arrival("From: a@b.example\r\nSubject: x\r\n" + bcc + key + "\r\nHello\r\n");
    a.may_be_from = [](const mail::Address&) { return true; };
    a.signer = std::make_shared<const dkim::Signer>(
        domains, [](const std::string&, const mail::Address&) { return true; }
    );
    const auto before = mail::octets_parsed();
    CHECK(desk.accept(std::move(a)).starts_with("250 "));
    const auto parsed = mail::octets_parsed() - before;
    const auto message = desk.only();
    CHECK(message.idempotency_key == "k");
    // What came, and what we put on top but for the signature, which nobody looks at.
    const auto signature = mail::find_field(message.content->header(), "DKIM-Signature");
    REQUIRE(signature);
    const auto queued = message.content->header().size() - signature->whole.size();
    CHECK(parsed == queued + bcc.size() + key.size());
}

TEST_CASE("a message that cannot be signed is not taken") {
    for (const bool beside_rsa : {false, true}) {
        dkim::Signer::Domains domains;
        domains[dns::Domain::parse("b.example").value()].keys["s"] = std::nullopt;
        if (beside_rsa)
            domains[dns::Domain::parse("rsa.example").value()].keys["r"] =
                dkim::PrivateKey::make_rsa();
        Desk desk;
        auto a = arrival("From: a@b.example\r\n\r\nHello\r\n");
        a.signer = std::make_shared<const dkim::Signer>(
            domains, [](const std::string&, const mail::Address&) { return true; }
        );
        CHECK(desk.accept(std::move(a)).starts_with("451 4.3.0"));
        CHECK(desk.store.messages().empty());
    }
}

TEST_CASE("a submitted message is completed, traced and queued") {
    Desk desk;
    CHECK(
        desk.accept(arrival("Subject: x\r\nBcc: secret@d.example\r\n\r\nbody\r\n")) ==
        "250 2.0.0 Ok: queued as 1\r\n"
    );
    const auto message = desk.only();
    const auto& header = message.content->header();
    CHECK(header.starts_with("Received: from client.example ([192.0.2.7])"));
    CHECK(header.find("id 1") != std::string::npos);
    CHECK(header.find("for <c@d.example>") != std::string::npos);
    CHECK(mail::find_field(header, "Date"));
    CHECK_FALSE(mail::find_field(header, "Bcc"));
    CHECK(message.message_id == mail::find_field(header, "Message-ID")->value());
    CHECK(whole(message).ends_with("\r\n\r\nbody\r\n"));
    CHECK(message.account == "shop");
    CHECK(message.id == MessageId{1});
    CHECK_FALSE(message.eightbit);
    CHECK(message.tls_wish == delivery::TlsWish::standard);
}

TEST_CASE("a relayed message is only traced") {
    Desk desk;
    auto a = arrival("Bcc: x@d.example\r\n\r\n\xc3\xbc\r\n");
    a.complete = false;
    a.recipients.push_back({address("e@d.example"), {}, ""});
    desk.accept(std::move(a));
    const auto message = desk.only();
    CHECK(mail::find_field(message.content->header(), "Bcc"));
    CHECK_FALSE(mail::find_field(message.content->header(), "Date"));
    CHECK(
        message.content->header().find("for <") == std::string::npos
    );  // would tell one of the other
    CHECK(message.eightbit);
}

TEST_CASE("our own fields act and do not leave") {
    Desk desk;
    const std::string text =
        "X-Outpost-Idempotency-Key: order-7\r\nx-outpost-tag: bulk\r\nTLS-Required: "
        "No\r\n\r\nx\r\n";
    CHECK(desk.accept(arrival(text)) == "250 2.0.0 Ok: queued as 1\r\n");
    CHECK(desk.accept(arrival(text)) == "250 2.0.0 Ok: queued as 1\r\n");
    const auto message = desk.only();
    CHECK(message.idempotency_key == "order-7");
    CHECK(message.tag == "bulk");
    CHECK(message.tls_wish == delivery::TlsWish::not_required);
    CHECK(message.content->header().find("utpost") == std::string::npos);

    auto other = arrival(text);
    other.account = "other";
    CHECK(desk.accept(std::move(other)) == "250 2.0.0 Ok: queued as 3\r\n");
}

TEST_CASE("TLS-Required: No is heard, is passed on, and loses to REQUIRETLS") {
    const std::string text = "TLS-Required: No\r\n\r\nx\r\n";
    Desk desk;
    desk.accept(arrival(text));
    auto required = arrival(text);
    required.require_tls = true;
    desk.accept(std::move(required));
    desk.accept(arrival("TLS-Required: Yes\r\n\r\nx\r\n"));
    const auto messages = desk.store.messages();
    REQUIRE(messages.size() == 3);
    CHECK(messages[0].tls_wish == delivery::TlsWish::not_required);
    CHECK(mail::find_field(messages[0].content->header(), "TLS-Required"));
    CHECK(messages[1].tls_wish == delivery::TlsWish::required);
    CHECK(messages[2].tls_wish == delivery::TlsWish::standard);
}

TEST_CASE("what can never be queued is refused, what cannot be queued now is put off") {
    Desk desk;
    std::string hops;
    for (int i = 0; i < 51; ++i)
        hops += "Received: by x\r\n";
    CHECK(desk.accept(arrival(hops + "\r\n")).starts_with("554 5.4.6"));
    CHECK(desk.accept(arrival(hops.substr(16) + "\r\n")).starts_with("250"));
    CHECK(desk.accept(arrival("X-Outpost-Tag: " + std::string(65, 'x') + "\r\n\r\n"))
              .starts_with("554 5.6.0"));
    CHECK(desk.accept(arrival("X-Outpost-Tag: a\xc3\xbc\r\n\r\n")).starts_with("554 5.6.0"));
    CHECK(desk.accept(arrival("X: " + std::string(1 << 20, 'x') + "\r\n\r\n"))
              .starts_with("552 5.3.4"));
    CHECK(desk.store.messages().size() == 1);
    desk.store.fail_with(std::make_exception_ptr(std::runtime_error("away")));
    CHECK(desk.accept(arrival("a: b\r\n\r\n")).starts_with("451 4.3.0"));
    CHECK(desk.store.messages().size() == 1);
}

TEST_CASE("the From field names nobody whom the account may not send as") {
    struct Case {
        const char* fields;
        bool permitted;
    };
    const std::vector<Case> cases = {
        {"From: me@own.example\r\n", true},
        {"from : \"Me, Myself\" <me@own.example>\r\n", true},
        {"From: a friend\r\n <also@own.example>, me@own.example\r\n", true},
        {"Subject: no From at all\r\n", true},
        {"Sender: me@own.example\r\nFrom: ceo@bank.example\r\n", false},
        {"From: me@own.example, ceo@bank.example\r\n", false},
        {"From: me@own.example\r\nFROM: ceo@bank.example\r\n", false},
        {"From: \"me@own.example\" <ceo@bank.example>\r\n", false},
        {"From: me@own.example:ceo@bank.example;\r\n", false},
        {"From: (me@own.example)ceo@bank.example\r\n", false},
        {"From: Chief Executive\r\n", false},
        {"From: me@own.example@bank.example\r\n", false},
    };
    for (const auto& c : cases) {
        CAPTURE(std::string(c.fields));
        Desk desk;
        auto a = arrival(std::string(c.fields) + "\r\n");
        a.may_be_from = [](const mail::Address& from) {
            return from.domain().ascii() == "own.example";
        };
        CHECK(desk.accept(std::move(a)).starts_with(c.permitted ? "250" : "550 5.7.1"));
        CHECK(desk.store.messages().size() == (c.permitted ? 1 : 0));
    }
}

TEST_CASE("a client cannot break the Received field") {
    Desk desk;
    auto a = arrival("a: b\r\n\r\n");
    a.trace.helo = "x)\r\nEvil: yes";
    desk.accept(std::move(a));
    CHECK_FALSE(mail::find_field(desk.only().content->header(), "Evil"));
}

TEST_CASE("content that is hard to parse is opaque, or refused in bounded time") {
    Desk desk;
    const std::clock_t begun = std::clock();  // the processor's time
    std::string fields, nested, groups = "To: ";
    for (int i = 0; i < 100'000; ++i)
        fields += "X: y\r\n";
    for (int i = 0; i < 10'000; ++i)
        nested += "Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n";
    for (int i = 0; i < 50'000; ++i)
        groups += "a:(";
    CHECK(desk.accept(arrival(fields + "\r\nbody\r\n")).starts_with("250"));
    CHECK(desk.accept(arrival("MIME-Version: 1.0\r\n" + nested)).starts_with("250"));
    CHECK(desk.accept(arrival(groups + "\r\n\r\n")).starts_with("250"));
    CHECK(desk.accept(arrival("X:" + std::string(900'000, ' ') + "\r\n\r\n")).starts_with("250"));
    CHECK(desk.accept(arrival("X: " + std::string(10 << 20, 'x'))).starts_with("552 5.3.4"));
    CHECK(desk.store.messages().size() == 4);
    CHECK(std::clock() - begun < 10 * CLOCKS_PER_SEC);  // some 10 ms each
}
