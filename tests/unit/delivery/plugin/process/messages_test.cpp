// SPDX-License-Identifier: Apache-2.0
#include "core/delivery/plugin/process/messages.hpp"

#include <doctest/doctest.h>

#include "core/delivery/plugin/process/codec.hpp"
#include "tests/support/delivery_job.hpp"

using namespace outpost;
using namespace outpost::plugin_host;
using delivery::ErrorKind;
using delivery::Stage;
using delivery::Verdict;

namespace {

template <class Message>
Message there_and_back(Message message) {
    const Frame frame = encode(FromPlugin(std::move(message)));
    FrameReader reader(longest_message);
    reader.feed(frame.head);
    return std::get<Message>(decode_from_plugin(*reader.next()));
}

/// What the server sends is small here, so nothing is left in the tail.
template <class Message>
Message to_plugin(Message message) {
    const Frame frame = encode(ToPlugin(std::move(message)));
    FrameReader reader(longest_message);
    reader.feed(frame.head);
    return std::get<Message>(decode_to_plugin(*reader.next()));
}

Verdict replied(int code, std::optional<smtp::EnhancedStatus> status) {
    return Verdict::from_reply(Stage::rcpt, {code, status, {"one", "two\r\n"}});
}

void refuses(std::string_view octets) {
    FrameReader reader(1000);
    const auto decode_all = [&] {
        reader.feed(octets);
        while (const auto cut = reader.next())
            decode_from_plugin(*cut);
    };
    CHECK_THROWS_AS(decode_all(), Malformed);
}

}  // namespace

TEST_CASE("a job arrives as it was sent") {
    delivery::Message message = test::small_message();
    message.id = MessageId{77};
    message.account = "shop";
    message.eightbit = message.smtputf8 = true;
    message.tls_wish = delivery::TlsWish::not_required;
    message.ret = delivery::Ret::headers;
    message.envid = "env+id";
    message.tag = "receipt";
    message.submitted_at = WallClock::now();
    message.due_from = message.submitted_at + std::chrono::hours(1);
    auto job = test::job_for(message, {"bob@example.org", "\"a b\"@example.org"});
    job.recipients[1].notify = *delivery::Notify::parse("SUCCESS,DELAY");
    job.recipients[1].orcpt = "rfc822;x@example.org";
    job.attempt = 4;
    job.crashes = 2;
    job.return_path = mail::Address::parse("bounce-1@bounces.example").value();
    const auto start =
        to_plugin(Start{5, 6, "mail.example.org", std::chrono::milliseconds(1500), job, 12});
    CHECK(start.number == 5);
    CHECK(start.transport == 6);
    CHECK(start.ehlo_name == "mail.example.org");
    CHECK(start.left == std::chrono::milliseconds(1500));
    CHECK(start.body_octets == 12);
    CHECK(start.job.attempt == 4);
    CHECK(start.job.crashes == 2);
    CHECK(start.job.reverse_path().wire() == "bounce-1@bounces.example");
    CHECK(start.job.domain == job.domain);
    REQUIRE(start.job.recipients.size() == 2);
    for (std::size_t i = 0; i < 2; ++i) {
        CHECK(start.job.recipients[i].address == job.recipients[i].address);
        CHECK(start.job.recipients[i].number == job.recipients[i].number);
        CHECK(start.job.recipients[i].notify == job.recipients[i].notify);
        CHECK(start.job.recipients[i].orcpt == job.recipients[i].orcpt);
    }
    const auto& got = *start.job.message;
    CHECK(got.id == message.id);
    CHECK(got.account == message.account);
    CHECK(got.mail_from == message.mail_from);
    CHECK(got.body.held()->header() == message.body.held()->header());
    CHECK(got.eightbit);
    CHECK(got.smtputf8);
    CHECK(got.tls_wish == message.tls_wish);
    CHECK(got.ret == message.ret);
    CHECK(got.envid == message.envid);
    CHECK(got.tag == message.tag);
    CHECK(got.submitted_at == message.submitted_at);
    CHECK(got.due_from == message.due_from);
    CHECK(got.body.size() == message.body.size());
}

TEST_CASE("settings arrive as they were sent") {
    Setup setup{"/lib/x.so", log::Level::warning, 1 << 30, 3, {}, {}};
    setup.dns.servers = {*net::Endpoint::parse("[2001:db8::1]:53", 53)};
    setup.dns.timeout = std::chrono::milliseconds(123);
    setup.dns.security = dns::SecurityMode::trust_ad;
    setup.dns.trusted = true;
    setup.dns.trust_anchors = "/root.ds";
    setup.dns.insecure_domains = {"corp.test", "lan"};
    setup.tls.ca_files = {"/a.pem", "/b.pem"};
    setup.tls.key = "/key.pem";
    const auto got = to_plugin(setup);
    CHECK(got.file == setup.file);
    CHECK(got.log_level == setup.log_level);
    CHECK(got.memory == setup.memory);
    CHECK(got.threads == 3);
    CHECK(got.dns.servers == setup.dns.servers);
    CHECK(got.dns.timeout == setup.dns.timeout);
    CHECK(got.dns.longest_ttl == setup.dns.longest_ttl);
    CHECK(got.dns.security == setup.dns.security);
    CHECK(got.dns.trusted);
    CHECK(got.dns.trust_anchors == setup.dns.trust_anchors);
    CHECK(got.dns.insecure_domains == setup.dns.insecure_domains);
    CHECK(got.tls.ca_files == setup.tls.ca_files);
    CHECK(got.tls.key == setup.tls.key);
}

TEST_CASE("verdicts arrive as they were given") {
    std::vector<Verdict> verdicts = {
        replied(250, smtp::EnhancedStatus{2, 1, 5}),
        replied(450, std::nullopt),
        replied(550, smtp::EnhancedStatus{5, 1, 1}),
        replied(550, smtp::EnhancedStatus{5, 1, 1}).softened(),
        Verdict::from_reply(Stage::auth, {535, {}, {}}),
        Verdict::delivered("kept"),
        Verdict::deferred(Stage::final_dot, ErrorKind::timeout, {4, 4, 2}, "nothing came"),
        Verdict::failed(Stage::data, ErrorKind::local, {5, 3, 0}, "too bad"),
    };
    delivery::RemoteFacts facts;
    facts.host = "mx.example.org";
    facts.ip = "192.0.2.1";
    facts.port = 24;
    facts.tls_version = "TLSv1.3";
    facts.tls_cipher = "X";
    facts.tls_requirement = "verified";
    facts.tls_policy = "transport relay";
    facts.tls_result = "pkix verified";
    facts.tls_verified = true;
    facts.success = delivery::RemoteFacts::Success::delivered;
    verdicts[0].remote = std::make_shared<const delivery::RemoteFacts>(facts);
    const Lines lines = {{std::chrono::milliseconds(5), '>', "QUIT"}};

    const auto outcome = there_and_back(Outcome{9, {verdicts, true}, lines});
    CHECK(outcome.job == 9);
    CHECK(outcome.outcome.unreachable);
    REQUIRE(outcome.lines.size() == 1);
    CHECK(outcome.lines[0].text == "QUIT");
    CHECK(outcome.lines[0].since_start == std::chrono::milliseconds(5));
    REQUIRE(outcome.outcome.verdicts.size() == verdicts.size());
    for (std::size_t i = 0; i < verdicts.size(); ++i) {
        CAPTURE(i);
        const auto& got = outcome.outcome.verdicts[i];
        CHECK(test::brief(got) == test::brief(verdicts[i]));
        CHECK(got.status() == verdicts[i].status());
        CHECK(got.words() == verdicts[i].words());
        CHECK(got.reply().has_value() == verdicts[i].reply().has_value());
    }
    const auto& remote = outcome.outcome.verdicts[0].remote;
    REQUIRE(remote);
    CHECK(remote->host == facts.host);
    CHECK(remote->ip == facts.ip);
    CHECK(remote->port == facts.port);
    CHECK(remote->tls_version == facts.tls_version);
    CHECK(remote->tls_requirement == facts.tls_requirement);
    CHECK(remote->tls_policy == facts.tls_policy);
    CHECK(remote->tls_result == facts.tls_result);
    CHECK(remote->tls_verified);
    CHECK(remote->success == facts.success);
    CHECK(outcome.outcome.verdicts[1].remote == nullptr);
}

TEST_CASE("messages are found however the octets come in") {
    const std::string octets = encode(FromPlugin(Pong{1})).head +
                               encode(FromPlugin(Fault{2, "why", {}})).head +
                               encode(FromPlugin(Pong{3})).head;
    for (std::size_t step = 1; step <= octets.size(); ++step) {
        FrameReader reader(1000);
        std::string kinds;
        for (std::size_t at = 0; at < octets.size(); at += step) {
            reader.feed(std::string_view(octets).substr(at, step));
            while (const auto cut = reader.next())
                kinds += std::to_string(decode_from_plugin(*cut).index());
        }
        CHECK(kinds == "656");
    }
}

TEST_CASE("what makes no sense is refused") {
    refuses(std::string_view("\0\0\0\0", 4));              // no kind
    refuses(std::string_view("\xff\xff\xff\x7f\0", 5));    // longer than allowed
    refuses(make_frame(99, "").head);                      // a kind that is none
    refuses(make_frame(6, "1234567").head);                // too short
    refuses(make_frame(6, "123456789").head);              // too long
    refuses(make_frame(5, std::string(16, '\xff')).head);  // negative numbers
    Writer huge_list;
    huge_list.number(1);
    huge_list.flag(false);
    huge_list.number(1'000'000'000);  // verdicts that are not there
    refuses(make_frame(4, huge_list.take()).head);
    Writer bad_stage;
    bad_stage.number(1);
    bad_stage.number(500);
    bad_stage.number(0);
    refuses(make_frame(2, bad_stage.take()).head);
    // A delivery that rests on a refusal.
    Writer lie;
    lie.number(1);
    lie.flag(false);
    lie.number(1);
    lie.number(static_cast<int>(Stage::done));
    lie.number(static_cast<int>(Verdict::Kind::delivered));
    lie.flag(true);
    lie.number(550);
    lie.flag(false);
    lie.number(0);
    lie.flag(false);
    lie.number(0);
    refuses(make_frame(4, lie.take()).head);
}
