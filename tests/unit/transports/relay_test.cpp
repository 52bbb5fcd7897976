// SPDX-License-Identifier: Apache-2.0
#include "transports/relay/relay.hpp"

#include <doctest/doctest.h>

#include "core/foundation/base/encoding.hpp"
#include "tests/unit/transports/fixture.hpp"

using namespace outpost;
using namespace outpost::test;
using Then = Step::Then;
using Briefs = std::vector<std::string>;

namespace {

const TestCertificates certificates;
bool has(const std::string& text, const std::string& part) {
    return text.find(part) != text.npos;
}

Script greeted_by_tls(
    const std::vector<std::string>& before, const std::vector<std::string>& after
) {
    return opening(before) +
           Script{{"STARTTLS", "220 go\r\n", Then::start_tls}, {"EHLO", ehlo_reply(after)}};
}
Script greeted_by_tls(const std::vector<std::string>& after) {
    return greeted_by_tls({"STARTTLS"}, after);
}
const Script goodbye = {{"QUIT", "221 bye\r\n"}};
const std::string plain = "AHVzZXIAc2VjcmV0";  // NUL user NUL secret

/// A relay with a login, and the server it leads to.
struct World {
    ScriptedServer server;
    transports::RelaySettings settings;
    asio::io_context loop;  // outlives whoever posts to it
    asio::thread_pool workers{1};
    NoResolver resolver;
    NotingGate gate;
    std::string transcript;
    bool unreachable = false;
    std::shared_ptr<net::Dialer> dialer = net::make_direct_dialer(trusting(&certificates));
    delivery::TransportPtr relay;

    explicit World(std::vector<Script> scripts)
        : server(std::move(scripts), {"127.0.0.1", 0, certificates.directory()}) {
        settings.kind = transports::RelaySettings::Kind::submission;
        settings.hosts = {"127.0.0.1"};
        settings.port = server.port();
        settings.auth.username = "user";
        settings.auth.password = Secret("secret");
    }
    ~World() {
        relay.reset();
        loop.restart();
        loop.run_for(std::chrono::seconds(2));
    }
    Briefs deliver(delivery::Message message = small_message()) {
        relay = transports::make_relay("relay", settings, dialer, workers);
        return deliver_again(std::move(message));
    }
    /// With the relay that is there already.
    Briefs deliver_again(delivery::Message message = small_message()) {
        delivery::Transcript lines;
        delivery::AttemptContext context{
            "client.test", resolver, *dialer, gate, lines, Deadline::in(std::chrono::seconds(20))
        };
        const auto job = job_for(std::move(message), {"a@rcpt.test"});
        const auto outcome = run(loop, relay->deliver(job, context));
        transcript = lines.text();
        unreachable = outcome.unreachable;
        return briefs(outcome.verdicts);
    }
};

}  // namespace

TEST_CASE("a relay is logged in to over verified TLS, and the secret is shown nowhere") {
    World world(
        {greeted_by_tls({"AUTH PLAIN LOGIN"}) +
         Script{{"AUTH PLAIN " + plain, "235 2.7.0 welcome\r\n"}} + taken}
    );
    CHECK(world.deliver() == Briefs{"delivered"});
    CHECK(has(world.transcript, "AUTH PLAIN ***"));
    CHECK_FALSE(has(world.transcript, plain));
    CHECK_FALSE(world.relay->per_domain());
    CHECK(world.relay->can_require_tls());
}

TEST_CASE("the form that some old servers announce is understood") {
    World world({greeted_by_tls({"AUTH=PLAIN"}) + Script{{"AUTH PLAIN", "235 welcome\r\n"}} + taken}
    );
    CHECK(world.deliver() == Briefs{"delivered"});
}

TEST_CASE("trouble with the login defers mail, whatever the code, and never bounces it") {
    const Script cases[] = {
        greeted_by_tls({"AUTH PLAIN"}) + Script{{"AUTH", "535 5.7.8 wrong\r\n"}} + goodbye,
        greeted_by_tls({"AUTH PLAIN"}) + Script{{"AUTH", "454 4.7.0 later\r\n"}} + goodbye,
        greeted_by_tls({"AUTH PLAIN"}) + Script{{"AUTH", "250 sure\r\n"}} + goodbye,
        // Nothing that we know, nothing at all, or only before TLS, where anyone may have said it.
        greeted_by_tls({"AUTH NTLM"}) + goodbye,
        greeted_by_tls({"SIZE"}) + goodbye,
        greeted_by_tls({"STARTTLS", "AUTH PLAIN"}, {"SIZE"}) + goodbye,
        // A server that says yes without having proved that it knows the password.
        greeted_by_tls({"AUTH SCRAM-SHA-256"}) + Script{{"AUTH SCRAM-SHA-256", "235 welcome\r\n"}} +
            goodbye,
        greeted_by_tls({"AUTH SCRAM-SHA-256"}) +
            Script{{"AUTH SCRAM-SHA-256", "334 bm9uc2Vuc2U=\r\n"}, {"*", "501 as you like\r\n"}} +
            goodbye,
        greeted_by_tls({"AUTH SCRAM-SHA-256"}) +
            Script{{"AUTH SCRAM-SHA-256", "334 not!base64\r\n"}, {"*", "501 as you like\r\n"}} +
            goodbye,
    };
    for (const Script& script : cases) {
        CAPTURE(script.back().expect);
        World world({script});
        const Briefs got = world.deliver();
        CHECK(got == Briefs{"deferred 4.7.8 auth auth"});
        world.relay.reset();
        CHECK_FALSE(has(world.server.seen(), "MAIL"));
        CHECK_FALSE(world.unreachable);
    }
}

TEST_CASE("the password never goes in clear") {
    World world({opening({"AUTH PLAIN LOGIN"}) + goodbye});
    world.settings.tls = transports::RelayTls::none;
    CHECK(world.deliver() == Briefs{"deferred 4.7.8 auth auth"});
    CHECK_FALSE(has(world.server.seen(), "AUTH"));
}

TEST_CASE("who is not verified is shown a secret only where the configuration takes anyone") {
    using transports::RelayTls;
    const Script in_tls =
        greeted_by_tls({"AUTH PLAIN"}) + Script{{"AUTH", "235 welcome\r\n"}} + taken;
    const Script broken =
        opening({"STARTTLS", "AUTH PLAIN"}) + Script{{"STARTTLS", "220 go\r\n", Then::hang_up}};
    const Script in_clear = opening({"AUTH PLAIN"}) + goodbye;
    struct Case {
        RelayTls tls;
        std::vector<Script> scripts;
        const char* ending;
        bool shown;
    };
    const Case cases[] = {
        {RelayTls::verified, {in_tls, in_clear}, "deferred 4.7.5 tls tls", false},
        {RelayTls::encrypted, {in_tls}, "delivered", true},
        {RelayTls::encrypted, {broken, in_clear}, "deferred 4.7.5 tls tls", false},
        {RelayTls::opportunistic, {in_tls}, "delivered", true},
        // Whoever takes STARTTLS away, or breaks it, gets no secret for that.
        {RelayTls::opportunistic, {in_clear}, "deferred 4.7.8 auth auth", false},
        {RelayTls::opportunistic, {broken, in_clear}, "deferred 4.7.8 auth auth", false},
    };
    for (const Case& each : cases) {
        CAPTURE(static_cast<int>(each.tls));
        World world(each.scripts);
        world.dialer = net::make_direct_dialer(trusting(nullptr));  // the authority is unknown
        world.settings.tls = each.tls;
        CHECK(world.deliver() == Briefs{each.ending});
        CHECK(has(world.transcript, "> AUTH") == each.shown);
    }
}

TEST_CASE("a token that cannot be had is trouble with the login") {
    World world({greeted_by_tls({"AUTH XOAUTH2"}) + goodbye});
    world.settings.auth.token = sasl::TokenFile{"/nonexistent/token"};
    CHECK(world.deliver() == Briefs{"deferred 4.7.8 auth auth"});
}

TEST_CASE("a token that the relay refuses is fetched anew, one that it takes is kept") {
    const Script refusing =
        greeted_by_tls({"AUTH XOAUTH2"}) + Script{{"AUTH", "535 5.7.8 expired\r\n"}} + goodbye;
    const Script welcoming =
        greeted_by_tls({"AUTH XOAUTH2"}) + Script{{"AUTH", "235 welcome\r\n"}} + taken;
    World world({refusing, welcoming, welcoming});
    const std::filesystem::path count = certificates.directory() / "tokens";
    const std::string command =
        "echo x >> " + count.string() + "; echo token-$(wc -l < " + count.string() + ")";
    world.settings.auth.token = sasl::TokenCommand{{"/bin/sh", "-c", command}};
    world.settings.smtp.max_messages_per_connection = 1;
    CHECK(world.deliver() == Briefs{"deferred 4.7.8 auth auth"});
    CHECK(world.deliver_again() == Briefs{"delivered"});
    CHECK(world.deliver_again() == Briefs{"delivered"});
    const auto auth = [](int n) {
        return "AUTH XOAUTH2 " +
               base64_encode("user=user\1auth=Bearer token-" + std::to_string(n) + "\1\1");
    };
    CHECK(has(world.server.seen(0), auth(1)));
    CHECK(has(world.server.seen(1), auth(2)));
    CHECK(std::filesystem::file_size(count) == 4);  // two lines: the token was fetched twice
}

TEST_CASE("the next host is tried when one refuses the login, the greeting or the certificate") {
    const Script welcomed =
        greeted_by_tls({"AUTH PLAIN"}) + Script{{"AUTH", "235 welcome\r\n"}} + taken;
    for (const Script& first :
         {greeted_by_tls({"AUTH PLAIN"}) + Script{{"AUTH", "535 wrong\r\n"}} + goodbye,
          Script{{"", "554 5.7.1 no\r\n"}} + goodbye, Script{},
          opening({}) + Script{{"STARTTLS", "502 no\r\n"}} + goodbye}) {
        World world({first, welcomed});
        world.settings.hosts = {"127.0.0.1", "127.0.0.1"};
        CHECK(world.deliver() == Briefs{"delivered"});
    }
}

TEST_CASE("a relay that refuses us as a whole defers; what it says of a recipient counts") {
    World refusing({Script{{"", "554 5.7.1 not you\r\n"}} + goodbye});
    CHECK(refusing.deliver() == Briefs{"deferred 4.7.1 greeting reply_5xx"});
    World unknown(
        {greeted_by_tls({"AUTH PLAIN"}) +
         Script{
             {"AUTH", "235 welcome\r\n"},
             {"MAIL", "250 ok\r\n"},
             {"RCPT", "550 5.1.1 who?\r\n"},
             {"RSET", "250 ok\r\n"}
         }}
    );
    CHECK(unknown.deliver() == Briefs{"failed 5.1.1 rcpt reply_5xx"});
}

TEST_CASE("a relay that is away is unreachable, and its name in our configuration bounces nothing"
) {
    World world({});
    world.settings.port = 1;  // nobody listens there
    CHECK(world.deliver() == Briefs{"deferred 4.4.1 connect connect"});
    CHECK(world.unreachable);
}

TEST_CASE("REQUIRETLS needs a relay that is verified and announces it") {
    delivery::Message message = small_message();
    message.tls_wish = delivery::TlsWish::required;
    World unverified({});
    unverified.settings.tls = transports::RelayTls::encrypted;
    CHECK(unverified.deliver(message) == Briefs{"failed 5.7.30 connect policy"});
    CHECK(unverified.server.connections() == 0);

    const Script login = {{"AUTH", "235 welcome\r\n"}};
    World unable({greeted_by_tls({"AUTH PLAIN"}) + login + goodbye});
    CHECK(unable.deliver(message) == Briefs{"failed 5.7.30 mail policy"});
    World able({greeted_by_tls({"AUTH PLAIN", "REQUIRETLS"}) + login + taken});
    CHECK(able.deliver(message) == Briefs{"delivered"});
    CHECK(has(able.transcript, "MAIL FROM:<from@sender.test> REQUIRETLS"));

    World stripped({greeted_by_tls({"STARTTLS", "REQUIRETLS"}, {"AUTH PLAIN"}) + login + goodbye});
    CHECK(stripped.deliver(message) == Briefs{"failed 5.7.30 mail policy"});
    CHECK_FALSE(has(stripped.transcript, "MAIL"));
}

TEST_CASE("a relay asked for REQUIRETLS is asked to return no more than the header, too") {
    delivery::Message message = small_message();
    message.ret = delivery::Ret::full;
    const Script login = {{"AUTH", "235 welcome\r\n"}};
    World full({greeted_by_tls({"AUTH PLAIN", "REQUIRETLS", "DSN"}) + login + taken});
    CHECK(full.deliver(message) == Briefs{"delivered"});
    CHECK(has(full.transcript, "MAIL FROM:<from@sender.test> RET=FULL"));
    message.tls_wish = delivery::TlsWish::required;
    World header({greeted_by_tls({"AUTH PLAIN", "REQUIRETLS", "DSN"}) + login + taken});
    CHECK(header.deliver(message) == Briefs{"delivered"});
    CHECK(has(header.transcript, "MAIL FROM:<from@sender.test> REQUIRETLS RET=HDRS"));
}

TEST_CASE("REQUIRETLS that a relay lacks is final only when no other host may have it") {
    delivery::Message message = small_message();
    message.tls_wish = delivery::TlsWish::required;
    const Script login = {{"AUTH", "235 welcome\r\n"}};
    World world({greeted_by_tls({"AUTH PLAIN"}) + login + goodbye});
    world.settings.hosts = {"127.0.0.1", "127.0.0.2"};  // nobody listens at the second
    CHECK(world.deliver(message) == Briefs{"deferred 4.4.1 connect connect"});
}
