// SPDX-License-Identifier: Apache-2.0
// STARTTLS as the client: what is believed, what is forgotten, and when mail may go in clear.
#include <doctest/doctest.h>

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
ScriptedServer secured(std::vector<Script> scripts) {
    return {std::move(scripts), {"127.0.0.1", 0, certificates.directory()}};
}
const Script handshake = {{"STARTTLS", "220 go\r\n", Then::start_tls}};
Script ehlo(const std::vector<std::string>& extensions) {
    return {{"EHLO", ehlo_reply(extensions)}};
}

}  // namespace

TEST_CASE("STARTTLS is used where offered, and what was announced before it is forgotten") {
    auto server = secured(
        {opening({"STARTTLS", "SIZE 1", "DSN", "8BITMIME", "CHUNKING"}) + handshake + ehlo({}) +
         taken}
    );
    Client client(server);
    delivery::Message message = small_message();
    message.eightbit = true;
    message.envid = "x";
    const auto outcome = client.deliver(job_for(message, {"a@rcpt.test"}));
    CHECK(brief(outcome.verdicts[0]) == "delivered");
    CHECK(has(outcome.verdicts[0].remote->tls_version, "TLSv1"));
    CHECK_FALSE(outcome.verdicts[0].remote->tls_verified
    );  // nobody asked, and nobody vouches for it
    REQUIRE(outcome.tls);
    CHECK(outcome.tls->reached.has_value());
    CHECK(has(client.transcript, "MAIL FROM:<from@sender.test>\n"));
}

TEST_CASE("a reply injected behind 220 ends the session, and never in clear") {
    auto server = secured(
        {opening({"STARTTLS"}) +
             Script{{"STARTTLS", "220 go\r\n250-injected\r\n250 SIZE 1\r\n", Then::start_tls}} +
             ehlo({}) + taken,
         opening({}) + taken}
    );
    Client client(server);
    const auto outcome = client.deliver(job_for({"a@rcpt.test"}));
    CHECK(brief(outcome.verdicts[0]) == "deferred 4.5.0 tls protocol");
    REQUIRE(outcome.tls);
    REQUIRE(outcome.tls->failure);
    CHECK(outcome.tls->failure->reason_code == "data-behind-starttls-reply");
    CHECK(outcome.tls->given_up);
    CHECK_FALSE(has(server.seen(), "MAIL"));
    CHECK(server.connections() == 1);
}

TEST_CASE("opportunistic TLS that fails is followed by one connection in clear") {
    const Script failures[] = {
        {{"STARTTLS", "454 4.7.0 not now\r\n"}, {"QUIT", "221 bye\r\n"}},
        {{"STARTTLS", "501 what?\r\n"}, {"QUIT", "221 bye\r\n"}},
        {{"STARTTLS", "220 go\r\n", Then::hang_up}},
    };
    for (const Script& failure : failures) {
        auto server = secured({opening({"STARTTLS"}) + failure, opening({"STARTTLS"}) + taken});
        Client client(server);
        const auto outcome = client.deliver(job_for({"a@rcpt.test"}));
        CHECK(brief(outcome.verdicts[0]) == "delivered");
        CHECK(outcome.verdicts[0].remote->tls_version.empty());
        CHECK(has(client.transcript, "in clear"));
        REQUIRE(outcome.tls);
        CHECK(outcome.tls->failure);  // the first connection is what policies hear of
        CHECK(server.connections() == 2);
    }
}

TEST_CASE("required TLS is asked for even when it is not announced, and there is no way around it"
) {
    struct Case {
        std::vector<std::string> extensions;
        Script script;
        const char* verdict;
    };
    const Case cases[] = {
        {{}, {{"STARTTLS", "502 no\r\n"}, {"QUIT", "221 bye\r\n"}}, "deferred 4.7.5 starttls tls"},
        {{"STARTTLS"},
         {{"STARTTLS", "454 not now\r\n"}, {"QUIT", "221 bye\r\n"}},
         "deferred 4.7.5 starttls tls"},
        {{"STARTTLS"}, {{"STARTTLS", "220 go\r\n", Then::hang_up}}, "deferred 4.7.5 tls tls"},
    };
    for (const Case& test : cases) {
        auto server = secured({opening(test.extensions) + test.script, opening({}) + taken});
        Client client(server);
        client.plan.session.tls.mode = delivery::TlsMode::required;
        client.plan.session.tls.demand.enforced = tls::TlsRequirement::encrypted("test");
        CHECK(client.deliver_briefly(job_for({"a@rcpt.test"})) == Briefs{test.verdict});
        CHECK(server.connections() == 1);
    }
    auto server = secured({opening({}) + handshake + ehlo({}) + taken});
    Client client(server);
    client.plan.session.tls.mode = delivery::TlsMode::required;
    client.plan.session.tls.demand.enforced = tls::TlsRequirement::encrypted("test");
    CHECK(client.deliver_briefly(job_for({"a@rcpt.test"})) == Briefs{"delivered"});
}

TEST_CASE("a certificate that must be verified is: chain and name") {
    struct Case {
        bool trusted;
        const char* name;
        const char* verdict;
    };
    for (const Case& test :
         {Case{true, "mx.test", "delivered"}, Case{false, "mx.test", "deferred 4.7.5 tls tls"},
          Case{true, "other.test", "deferred 4.7.5 tls tls"}}) {
        for (const bool implicit : {false, true}) {
            CAPTURE(test.trusted);
            CAPTURE(implicit);
            const Script by_command = opening({"STARTTLS"}) + handshake + ehlo({}) + taken;
            const Script at_once = Script{{"", "", Then::start_tls}} + opening({}) + taken;
            auto server = secured({implicit ? at_once : by_command, opening({}) + taken});
            Client client(server, test.trusted ? &certificates : nullptr);
            client.plan.session.tls.mode =
                implicit ? delivery::TlsMode::implicit : delivery::TlsMode::required;
            client.plan.session.tls.demand.enforced =
                tls::TlsRequirement::verified({test.name}, "test");
            CHECK(client.deliver_briefly(job_for({"a@rcpt.test"})) == Briefs{test.verdict});
            CHECK(server.connections() == 1);
        }
    }
}
