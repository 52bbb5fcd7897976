// SPDX-License-Identifier: Apache-2.0
#include "core/reception/submission/listeners.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <thread>

#include "core/foundation/base/encoding.hpp"
#include "core/mail/message/header.hpp"
#include "core/reception/submission/sink.hpp"
#include "tests/support/blocking_smtp_client.hpp"
#include "tests/support/memory_queue_store.hpp"
#include "tests/support/run.hpp"
#include "tests/support/soon.hpp"

using namespace outpost;
using namespace outpost::submission;
using test::BlockingSmtpClient;

namespace {

net::IpAddress loopback() {
    return asio::ip::address_v4::loopback();
}

std::filesystem::path scratch(const std::string& name) {
    const auto path = std::filesystem::temp_directory_path() / (name + std::to_string(::getpid()));
    std::filesystem::create_directories(path);
    return path;
}

ListenerSettings relay() {
    ListenerSettings listener;
    listener.addresses = {loopback()};
    listener.tls = TlsMode::none;
    listener.auth = AuthMode::none;
    listener.allowed_networks = {net::Cidr::parse("127.0.0.0/8").value()};
    listener.submission = false;
    return listener;
}

ListenerSettings submission_listener(TlsMode tls) {
    static const auto directory = [] {
        auto path = scratch("outpost-submit-test-");
        tls::mint_certificates(path, {"mx.example.org"});
        return path;
    }();
    ListenerSettings listener;
    listener.addresses = {loopback()};
    listener.tls = tls;
    listener.certificate = {directory / "cert.pem", directory / "key.pem"};
    return listener;
}

AccountSettings shop() {
    AccountSettings account;
    account.credential = sasl::StoredCredential::make(Secret("pencil"));
    account.logins = {"shop@b.example"};
    account.addresses = {mail::Address::parse("shop@c.example").value()};
    account.domains = {dns::Domain::parse("b.example").value()};
    return account;
}

struct Node {
    Node() { settings.hostname = "mx.example.org"; }
    ~Node() {
        if (!stopped) stop();
        loops.stop();
    }
    void start() {
        listeners.apply(settings);
        loops.start();
    }
    bool stop() {
        stopped = true;
        listeners.stop();
        asio::io_context own;
        return test::run(own, listeners.join(Deadline::in(std::chrono::seconds(5))));
    }
    BlockingSmtpClient connect(const std::string& listener) {
        BlockingSmtpClient client(listeners.port(listener));
        CHECK(client.reply().starts_with("220 mx.example.org"));
        client.say("EHLO client.example");
        return client;
    }

    EventLoops loops{2};
    test::MemoryQueueStore store;
    Listeners::Settings settings;
    metrics::Registry metrics;
    Listeners listeners{loops, store, metrics};
    bool stopped = false;
};

std::string send(
    BlockingSmtpClient& client, const std::string& from = "a@b.example",
    const std::string& header = "Subject: x\r\n"
) {
    for (const auto& line :
         {"MAIL FROM:<" + from + ">", std::string("RCPT TO:<c@d.example>"), std::string("DATA")}) {
        const auto reply = client.say(line);
        if (reply[0] != '2' && reply[0] != '3') return reply;
    }
    return client.say(header + "\r\nbody\r\n.");
}

std::string login(const std::string& name) {
    return "AUTH PLAIN " +
           base64_encode(std::string(1, '\0') + name + std::string(1, '\0') + "pencil");
}

}  // namespace

TEST_CASE("a relay takes mail from its networks, and from nobody else") {
    Node node;
    node.settings.listeners["relay"] = relay();
    auto closed = relay();
    closed.allowed_networks = {net::Cidr::parse("192.0.2.0/24").value()};
    node.settings.listeners["closed"] = closed;
    node.start();
    auto client = node.connect("relay");
    CHECK(send(client) == "250 2.0.0 Ok: queued as 1");
    auto stranger = node.connect("closed");
    CHECK(send(stranger).starts_with("550 5.7.1"));
    REQUIRE(node.store.messages().size() == 1);
    const auto message = node.store.messages().front();
    CHECK(message.source == "relay");
    CHECK(message.client == "127.0.0.1 helo client.example");
    CHECK(message.content->header().find("with ESMTP") != std::string::npos);
}

TEST_CASE("a listener has its own name and limits") {
    Node node;
    node.settings.listeners["relay"] = relay();
    auto& own = node.settings.listeners["own"] = relay();
    own.hostname = "in.example.net";
    own.max_message_size = 70'000;
    own.max_recipients = 100;
    node.start();
    BlockingSmtpClient client(node.listeners.port("own"));
    CHECK(client.reply().starts_with("220 in.example.net "));
    const auto ehlo = client.say("EHLO client.example");
    for (const char* words : {"250-in.example.net", "SIZE 70000", "RCPTMAX=100"})
        CHECK(ehlo.find(words) != std::string::npos);
    CHECK(send(client).starts_with("250"));
    const auto& header = node.store.messages().front().content->header();
    CHECK(header.find("by in.example.net with ESMTP") != std::string::npos);
    node.connect("relay");  // which goes by the node's name
}

TEST_CASE("an account sends from its own addresses only") {
    Node node;
    node.settings.listeners["submission"] = submission_listener(TlsMode::starttls);
    node.settings.accounts["shop"] = shop();
    node.start();
    auto client = node.connect("submission");
    CHECK(send(client).starts_with("530 5.7.0"));
    client.say("STARTTLS");
    client.start_tls();
    client.say("EHLO client.example");
    CHECK(client.say(login("shop@b.example")).starts_with("235"));
    CHECK(send(client, "any@b.example").starts_with("250"));
    CHECK(send(client, "Shop@C.example").starts_with("250"));
    CHECK(send(client, "").starts_with("250"));
    CHECK(send(client, "other@c.example").starts_with("553 5.7.1"));
    CHECK(send(client, "x@sub.b.example").starts_with("553 5.7.1"));
    CHECK(node.store.messages().front().account == "shop");
    CHECK(
        node.store.messages().front().content->header().find("with ESMTPSA") != std::string::npos
    );
}

TEST_CASE("the From field is an account's own, too, unless it is not asked to be") {
    Node node;
    auto listener = submission_listener(TlsMode::starttls);
    listener.allowed_networks = {net::Cidr::parse("127.0.0.0/8").value()};
    node.settings.listeners["submission"] = listener;
    node.settings.accounts["shop"] = shop();
    node.settings.accounts["lists"] = shop();
    node.settings.accounts["lists"].logins = {};
    node.settings.accounts["lists"].check_header_from = false;
    node.start();
    const std::string another = "From: boss@elsewhere.example\r\n";
    const auto send_as = [&](const std::string& account, const std::string& header) {
        auto client = node.connect("submission");
        if (!account.empty()) {
            client.say("STARTTLS");
            client.start_tls();
            client.say("EHLO client.example");
            CHECK(client.say(login(account)).starts_with("235"));
        }
        return send(client, "a@b.example", header);
    };
    CHECK(send_as("shop", "From: Shop@C.example\r\n").starts_with("250"));
    CHECK(send_as("shop", another).starts_with("550 5.7.1"));
    CHECK(send_as("lists", another).starts_with("250"));
    CHECK(send_as("", another).starts_with("250"));  // trusted by its network, with any sender
}

TEST_CASE("implicit TLS") {
    Node node;
    node.settings.listeners["submissions"] = submission_listener(TlsMode::implicit);
    node.settings.accounts["shop"] = shop();
    node.start();
    BlockingSmtpClient client(node.listeners.port("submissions"));
    client.start_tls();
    CHECK(client.reply().starts_with("220"));
    client.say("EHLO client.example");
    CHECK(client.say(login("shop")).starts_with("235"));
    CHECK(send(client).starts_with("250"));
}

TEST_CASE("REQUIRETLS is announced under TLS, by submission services and relays, until switched off"
) {
    Node node;
    auto open = submission_listener(TlsMode::starttls);
    open.auth = AuthMode::none;
    open.allowed_networks = {net::Cidr::parse("127.0.0.0/8").value()};
    node.settings.listeners["submission"] = open;
    node.settings.listeners["relay"] = open;
    node.settings.listeners["relay"].submission = false;
    node.settings.listeners["off"] = open;
    node.settings.listeners["off"].requiretls = false;
    node.settings.listeners["clear"] = relay();
    node.start();
    const auto announces = [](BlockingSmtpClient& client) {
        return client.say("EHLO client.example").find("REQUIRETLS") != std::string::npos;
    };
    const auto secured = [&](const char* listener) {
        auto client = node.connect(listener);
        CHECK_FALSE(announces(client));
        client.say("STARTTLS");
        client.start_tls();
        return client;
    };
    for (const char* listener : {"submission", "relay"}) {
        CAPTURE(std::string(listener));
        auto client = secured(listener);
        CHECK(announces(client));
        CHECK(client.say("MAIL FROM:<a@b.example> REQUIRETLS").starts_with("250"));
        CHECK(client.say("RCPT TO:<c@d.example>").starts_with("250"));
        client.say("DATA");
        CHECK(client.say("TLS-Required: No\r\n\r\nx\r\n.").starts_with("250"));
        const auto message = node.store.messages().back();
        CHECK(message.source == listener);
        CHECK(message.tls_wish == delivery::TlsWish::required);
        const auto trace = mail::find_field(message.content->header(), "Received")->value();
        CHECK(trace.find(") (requiretls) id ") != std::string::npos);
    }
    auto off = secured("off");
    CHECK_FALSE(announces(off));
    CHECK(off.say("MAIL FROM:<a@b.example> REQUIRETLS").starts_with("555 5.5.4"));
    CHECK(send(off).starts_with("250"));
    CHECK(node.store.messages().back().content->header().find("requiretls") == std::string::npos);
    auto clear = node.connect("clear");
    CHECK(clear.say("MAIL FROM:<a@b.example> REQUIRETLS").starts_with("555 5.5.4"));
}

TEST_CASE("limits by address and account") {
    Node node;
    auto listener = relay();
    listener.max_connections_per_ip = 2;
    listener.max_messages_per_minute = 2;
    listener.account = "shop";
    node.settings.listeners["relay"] = listener;
    node.settings.accounts["shop"] = shop();
    SUBCASE("connections") {
        node.start();
        auto a = node.connect("relay");
        auto b = node.connect("relay");
        BlockingSmtpClient c(node.listeners.port("relay"));
        CHECK(c.reply().starts_with("421 4.7.0"));
        CHECK(c.at_end());
        CHECK(b.say("QUIT").starts_with("221"));
        CHECK(b.at_end());
        CHECK(test::soon([&] { return node.listeners.sessions() == 1; }));
        node.connect("relay");
    }
    SUBCASE("connections in all") {
        node.settings.listeners["relay"].max_connections = 1;
        node.start();
        auto a = node.connect("relay");
        BlockingSmtpClient b(node.listeners.port("relay"));
        CHECK(b.reply().starts_with("421 4.3.2"));
        CHECK(b.at_end());
    }
    SUBCASE("messages a minute") {
        node.start();
        auto client = node.connect("relay");
        CHECK(send(client).starts_with("250"));
        CHECK(send(client).starts_with("250"));
        CHECK(send(client).starts_with("450 4.7.1"));
    }
    SUBCASE("recipients a day") {
        node.settings.accounts["shop"].max_recipients_per_day = 1;
        node.start();
        auto client = node.connect("relay");
        CHECK(send(client).starts_with("250"));
        CHECK(send(client).starts_with("450 4.7.1"));
    }
    SUBCASE("recipients a day, whoever took them") {
        node.settings.accounts["shop"].max_recipients_per_day = 3;
        asio::io_context own;
        queue::NewMessage elsewhere;  // by another node, or by this one before it was restarted
        elsewhere.account = "shop";
        elsewhere.mail_from = mail::Address::parse("a@b.example").value();
        for (const char* to : {"x@d.example", "y@d.example"})
            elsewhere.recipients.push_back({mail::Address::parse(to).value(), {}, {}});
        elsewhere.id = test::run(own, node.store.new_id());
        test::run(own, node.store.enqueue(elsewhere));
        node.start();
        auto client = node.connect("relay");
        CHECK(send(client).starts_with("250"));
        CHECK(send(client).starts_with("450 4.7.1"));
    }
}

TEST_CASE("one message is queued for a recipient named twice, with what was asked for") {
    Node node;
    node.settings.listeners["relay"] = relay();
    node.start();
    auto client = node.connect("relay");
    client.say("MAIL FROM:<a@b.example> RET=HDRS ENVID=q1 HOLDFOR=60");
    client.say("RCPT TO:<c@d.example> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;x@d.example");
    client.say("RCPT TO:<c@D.example>");
    client.say("DATA");
    CHECK(client.say(".").starts_with("250"));
    const auto message = node.store.messages().at(0);
    REQUIRE(message.recipients.size() == 1);
    CHECK(message.recipients[0].notify.to_string() == "SUCCESS,DELAY");
    CHECK(message.recipients[0].orcpt == "rfc822;x@d.example");
    CHECK(message.ret == delivery::Ret::headers);
    CHECK(message.envid == "q1");
    CHECK(message.release_at > WallClock::now());
}

TEST_CASE("a new configuration changes new sessions, all or nothing") {
    Node node;
    node.settings.listeners["relay"] = relay();
    node.start();
    const auto port = node.listeners.port("relay");
    auto old = node.connect("relay");

    auto changed = node.settings;
    changed.hostname = "new.example.org";
    changed.listeners["broken"] = submission_listener(TlsMode::starttls);
    changed.listeners["broken"].certificate.key = "/nowhere";
    CHECK_THROWS(node.listeners.apply(changed));
    changed.listeners.erase("broken");
    changed.listeners["second"] = relay();
    node.listeners.apply(changed);
    CHECK(node.listeners.port("relay") == port);
    BlockingSmtpClient fresh(port), second(node.listeners.port("second"));
    CHECK(fresh.reply().starts_with("220 new.example.org"));
    CHECK(second.reply().starts_with("220 new.example.org"));
    CHECK(send(old).starts_with("250"));
}

TEST_CASE("at the end idle clients hear 421, and messages under way are finished") {
    Node node;
    node.settings.listeners["relay"] = relay();
    node.start();
    auto idle = node.connect("relay");
    auto busy = node.connect("relay");
    busy.say("MAIL FROM:<a@b.example>");
    busy.say("RCPT TO:<c@d.example>");
    CHECK(busy.say("DATA").starts_with("354"));
    node.listeners.stop();
    CHECK(idle.reply().starts_with("421 4.3.2"));
    CHECK(busy.say("x\r\n.").starts_with("250"));
    CHECK(busy.reply().starts_with("421 4.3.2"));
    CHECK(node.stop());
}

TEST_CASE("a hundred clients at once lose nothing") {
    Node node;
    node.settings.listeners["relay"] = relay();
    node.settings.listeners["relay"].max_connections_per_ip = 200;
    node.start();
    std::vector<BlockingSmtpClient> clients;
    for (int i = 0; i < 100; ++i)
        clients.push_back(node.connect("relay"));
    for (auto& client : clients)
        client.send("MAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\nDATA\r\n");
    for (auto& client : clients) {
        for (int i = 0; i < 3; ++i)
            client.reply();
        client.send("x: y\r\n\r\nz\r\n.\r\n");
    }
    for (auto& client : clients)
        CHECK(client.reply().starts_with("250"));
    CHECK(node.store.messages().size() == 100);
}

TEST_CASE("what a recipient's name asks the sink for") {
    CHECK(sink_wish("joe").trick == SinkTrick::none);
    CHECK(sink_wish("joe-temperror").code == 451);
    CHECK(sink_wish("PermError").code == 550);
    CHECK(sink_wish("x452").code == 452);
    CHECK(sink_wish("550").code == 550);
    CHECK(sink_wish("x250").trick == SinkTrick::none);
    CHECK(sink_wish("x499").trick == SinkTrick::none);
    CHECK(sink_wish("52").trick == SinkTrick::none);
    CHECK(sink_wish("timeout").trick == SinkTrick::hang);
    CHECK(sink_wish("a.greylist").trick == SinkTrick::greylist);
}

TEST_CASE("the sink takes all mail, keeps the newest and plays its tricks") {
    const auto directory = scratch("outpost-sink-test-");
    EventLoops loops(1);
    SinkOptions options;
    options.at = {loopback(), 0};
    options.directory = directory;
    options.keep = 2;
    options.silence = std::chrono::seconds(0);
    Sink sink(loops, options);
    sink.start();
    loops.start();
    BlockingSmtpClient client(sink.port());
    client.reply();
    client.say("EHLO x");
    client.say("MAIL FROM:<a@b.example>");
    CHECK(client.say("RCPT TO:<temperror@d.example>").starts_with("451 4.0.0"));
    CHECK(client.say("RCPT TO:<x550@d.example>").starts_with("550 5.0.0"));
    CHECK(client.say("RCPT TO:<greylist@d.example>").starts_with("451 4.7.1"));
    CHECK(client.say("RCPT TO:<greylist@d.example>").starts_with("250"));
    CHECK(client.say("DATA").starts_with("354"));
    CHECK(client.say("Subject: 1\r\n\r\nx\r\n.").starts_with("250 2.0.0 sunk as 1"));
    CHECK(send(client).ends_with("sunk as 2"));
    CHECK(send(client).ends_with("sunk as 3"));
    CHECK(sink.received() == 3);
    REQUIRE(sink.messages().size() == 2);
    CHECK(sink.messages()[0].number == 2);
    CHECK(sink.messages()[1].content == "Subject: x\r\n\r\nbody\r\n");
    CHECK_FALSE(std::filesystem::exists(directory / "00000001.eml"));
    CHECK(std::filesystem::exists(directory / "00000003.eml"));
    client.say("MAIL FROM:<a@b.example>");
    CHECK(client.say("RCPT TO:<timeout@d.example>").starts_with("421"));
    sink.stop();
    asio::io_context own;
    CHECK(test::run(own, sink.join(Deadline::in(std::chrono::seconds(5)))));
    loops.stop();
    std::filesystem::remove_all(directory);
}
