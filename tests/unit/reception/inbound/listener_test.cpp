// SPDX-License-Identifier: Apache-2.0
// A listener that receives, as a stranger sees it.
#include <doctest/doctest.h>

#include <filesystem>

#include "core/reception/inbound/receiving_policy.hpp"
#include "core/reception/submission/listeners.hpp"
#include "tests/support/blocking_smtp_client.hpp"
#include "tests/support/memory_queue_store.hpp"
#include "tests/support/run.hpp"
#include "tests/support/zone_resolver.hpp"
#include "tests/unit/reception/inbound/boxes.hpp"

using namespace outpost;
using namespace outpost::inbound;
using test::address;
using test::BlockingSmtpClient;
using test::Box;

namespace {

struct Node {
    Node() {
        const auto files = std::filesystem::temp_directory_path() /
                           ("outpost-intake-test-" + std::to_string(::getpid()));
        std::filesystem::create_directories(files);
        tls::mint_certificates(files, {"mx.us.example"});
        settings.hostname = "mx.us.example";
        auto& listener = settings.listeners["public"];
        listener.receive = true;
        listener.addresses = {asio::ip::address_v4::loopback()};
        listener.certificate = {files / "cert.pem", files / "key.pem"};
        settings.make_receiver = [this](submission::Entrance entrance) {
            ReceivingPolicy::Parts parts{std::move(entrance), {reports}, dns, &workers, {}};
            return std::make_shared<ReceivingPolicy>(std::move(parts));
        };
    }
    ~Node() {
        listeners.stop();
        asio::io_context own;
        test::run(own, listeners.join(Deadline::in(std::chrono::seconds(5))));
        loops.stop();
    }
    void start() {
        listeners.apply(settings);
        loops.start();
    }
    BlockingSmtpClient connect() {
        BlockingSmtpClient client(listeners.port("public"));
        CHECK(client.reply().starts_with("220 mx.us.example"));
        return client;
    }

    std::shared_ptr<Box> reports = std::make_shared<Box>(std::set{address("tls@us.example")});
    std::shared_ptr<test::ZoneResolver> dns = std::make_shared<test::ZoneResolver>();
    asio::thread_pool workers{1};
    EventLoops loops{1};
    test::MemoryQueueStore store;
    metrics::Registry metrics;
    submission::Listeners::Settings settings;
    submission::Listeners listeners{loops, store, metrics};
};

bool has(const std::string& text, const std::string& words) {
    return text.find(words) != std::string::npos;
}

}  // namespace

TEST_CASE("only what is kept is offered: no login, no reports of delivery, no holding") {
    Node node;
    node.start();
    auto client = node.connect();
    const auto in_clear = client.say("EHLO client.example");
    for (const char* word :
         {"STARTTLS", "PIPELINING", "8BITMIME", "SMTPUTF8", "SIZE 16777216", "CHUNKING"})
        CHECK_MESSAGE(has(in_clear, word), std::string(word));
    client.say("STARTTLS");
    client.start_tls();
    const auto under_tls = client.say("EHLO client.example");
    for (const auto& offers : {in_clear, under_tls}) {
        for (const char* word : {"AUTH", "DSN", "FUTURERELEASE"})
            CHECK_MESSAGE(!has(offers, word), std::string(word));
    }
    CHECK(client.say("AUTH PLAIN AHVzZXIAcGVuY2ls").starts_with("502"));
    CHECK(client.say("MAIL FROM:<a@b.example> RET=FULL").starts_with("555 5.5.4"));
    CHECK(client.say("MAIL FROM:<a@b.example> ENVID=x").starts_with("555 5.5.4"));
    CHECK(client.say("MAIL FROM:<a@b.example> HOLDFOR=60").starts_with("555 5.5.4"));
    CHECK(client.say("MAIL FROM:<a@b.example> SIZE=20000000").starts_with("552 5.3.4"));
    CHECK(client.say("MAIL FROM:<a@b.example>").starts_with("250"));
    CHECK(client.say("RCPT TO:<tls@us.example> NOTIFY=NEVER").starts_with("555 5.5.4"));
    CHECK(client.say("RCPT TO:<tls@us.example> ORCPT=rfc822;x@y.example").starts_with("555"));
    CHECK(client.say("RCPT TO:<tls@us.example>").starts_with("250"));
}

TEST_CASE("a stranger's report is taken in clear, and other mail is refused at RCPT") {
    Node node;
    node.start();
    auto client = node.connect();
    client.say("EHLO client.example");
    CHECK(client.say("MAIL FROM:<>").starts_with("250"));
    CHECK(client.say("RCPT TO:<someone@elsewhere.example>").starts_with("550 5.7.1"));
    CHECK(client.say("RCPT TO:<postmaster>").starts_with("550 5.7.1"));
    CHECK(client.say("DATA").starts_with("554"));
    CHECK(client.say("RCPT TO:<tls@us.example>").starts_with("250"));
    CHECK(client.say("DATA").starts_with("354"));
    CHECK(client.say("From: a@b.example\r\n\r\nreport\r\n.").starts_with("250"));
    CHECK(node.reports->got().size() == 1);
    CHECK(node.store.messages().empty());
}

TEST_CASE("who guesses addresses is sent away") {
    Node node;
    node.start();
    auto client = node.connect();
    client.say("EHLO client.example");
    client.say("MAIL FROM:<a@b.example>");
    std::string reply = "550";
    for (int guess = 0; guess < 100 && reply.starts_with("550"); ++guess)
        reply = client.say("RCPT TO:<guess" + std::to_string(guess) + "@us.example>");
    CHECK(reply.starts_with("421"));
    CHECK(client.at_end());
}

TEST_CASE("content beyond the memory of all sessions is put off") {
    Node node;
    metrics::Registry metrics;
    submission::Listeners small(node.loops, node.store, metrics, 1 << 20);
    small.apply(node.settings);
    node.loops.start();
    BlockingSmtpClient client(small.port("public"));
    client.reply();
    client.say("EHLO client.example");
    client.say("MAIL FROM:<a@b.example>");
    client.say("RCPT TO:<tls@us.example>");
    CHECK(client.say("DATA").starts_with("354"));
    std::string line(998, 'x');
    for (int i = 0; i < 2000; ++i)
        client.send(line + "\r\n");
    CHECK(client.say(".").starts_with("452 4.3.1"));
    CHECK(node.reports->got().empty());
    small.stop();
    asio::io_context own;
    test::run(own, small.join(Deadline::in(std::chrono::seconds(5))));
}
