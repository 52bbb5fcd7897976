// SPDX-License-Identifier: Apache-2.0
// A server that breaks off, refuses or talks nonsense at each step in turn: what is recorded.
#include <doctest/doctest.h>

#include "tests/unit/transports/fixture.hpp"

using namespace outpost;
using namespace outpost::test;
using Then = Step::Then;

namespace {

constexpr auto go = Then::go_on;
const std::vector<std::string> names = {"greeting", "EHLO", "MAIL", "RCPT", "DATA", "."};

/// A good session up to `step`, where `say` and `then` come instead of the right reply.
Script broken_at(const std::string& step, const std::string& say, Then then) {
    const Script good = Script{{"", "220 mx.test\r\n"}, {"EHLO", ehlo_reply({"SIZE 0"})}} + taken;
    Script script;
    for (std::size_t i = 0; i < names.size() && names[i] != step; ++i)
        script.push_back(good[i]);
    script.push_back({step == "greeting" ? "" : step, say, then});
    script.push_back({"RSET", "250 ok\r\n"});
    script.push_back({"QUIT", "221 bye\r\n"});
    return script;
}

}  // namespace

TEST_CASE("a session that breaks at a step leaves a verdict that says where and how") {
    struct Case {
        const char* step;
        std::string say;
        Then then;
        const char* verdict;
    };
    const Case cases[] = {
        {"greeting", "", Then::hang_up, "deferred 4.4.2 greeting connect"},
        {"greeting", "", Then::stall, "deferred 4.4.2 greeting timeout"},
        {"greeting", "220-and", Then::stall, "deferred 4.4.2 greeting timeout"},
        {"greeting", "421 4.3.2 busy\r\n", go, "deferred 4.3.2 greeting reply_4xx"},
        {"greeting", "554 5.7.1 not you\r\n", go, "deferred 4.7.1 greeting reply_5xx"},
        {"greeting", "250 hello\r\n", go, "deferred 4.5.0 greeting protocol"},
        {"greeting", "354 hello\r\n", go, "deferred 4.5.0 greeting protocol"},
        {"greeting", "HTTP/1.1 400 Bad Request\r\n", go, "deferred 4.5.0 greeting protocol"},
        {"greeting", "220-a\r\n250 b\r\n", go, "deferred 4.5.0 greeting protocol"},
        {"greeting", "220 bare\n250 line feed\r\n", go, "deferred 4.5.0 greeting protocol"},
        {"greeting", "220 " + std::string(4000, 'x') + "\r\n", go,
         "deferred 4.5.0 greeting protocol"},
        {"EHLO", "", Then::hang_up, "deferred 4.4.2 ehlo connect"},
        {"EHLO", "", Then::stall, "deferred 4.4.2 ehlo timeout"},
        {"EHLO", "421 4.3.2 busy\r\n", go, "deferred 4.3.2 ehlo reply_4xx"},
        {"EHLO", "550 5.7.1 not you\r\n", go, "deferred 4.7.1 ehlo reply_5xx"},
        {"EHLO", "220 again\r\n", go, "deferred 4.5.0 ehlo protocol"},
        {"EHLO", "251 hello\r\n", go, "deferred 4.5.0 ehlo protocol"},
        {"MAIL", "", Then::hang_up, "deferred 4.4.2 mail connect"},
        {"MAIL", "", Then::reset, "deferred 4.4.2 mail connect"},
        {"MAIL", "", Then::stall, "deferred 4.4.2 mail timeout"},
        {"MAIL", "451 4.3.0 later\r\n", go, "deferred 4.3.0 mail reply_4xx"},
        {"MAIL", "421 4.7.0 going\r\n", Then::hang_up, "deferred 4.7.0 mail reply_4xx"},
        {"MAIL", "550 5.7.1 no\r\n", go, "failed 5.7.1 mail reply_5xx"},
        {"MAIL", "354 what?\r\n", go, "deferred 4.0.0 mail protocol"},
        {"RCPT", "", Then::hang_up, "deferred 4.4.2 rcpt connect"},
        {"RCPT", "", Then::stall, "deferred 4.4.2 rcpt timeout"},
        {"RCPT", "450 4.2.1 greylisted\r\n", go, "deferred 4.2.1 rcpt reply_4xx"},
        {"RCPT", "550 5.1.1 nobody\r\n", go, "failed 5.1.1 rcpt reply_5xx"},
        {"RCPT", "550 5.1.1 nobody\r\n", Then::hang_up, "failed 5.1.1 rcpt reply_5xx"},
        {"RCPT", "552 5.2.2 full\r\n", go, "failed 5.2.2 rcpt reply_5xx"},
        {"DATA", "", Then::hang_up, "deferred 4.4.2 data connect"},
        {"DATA", "", Then::stall, "deferred 4.4.2 data timeout"},
        {"DATA", "451 4.3.0 later\r\n", go, "deferred 4.3.0 data reply_4xx"},
        {"DATA", "554 5.6.0 no\r\n", go, "failed 5.6.0 data reply_5xx"},
        {"DATA", "250 ok\r\n", go, "deferred 4.5.0 data protocol"},
        {".", "", Then::hang_up, "deferred 4.4.2 final_dot connect"},
        {".", "", Then::reset, "deferred 4.4.2 final_dot connect"},
        {".", "", Then::stall, "deferred 4.4.2 final_dot timeout"},
        {".", "nonsense\r\n", go, "deferred 4.5.0 final_dot protocol"},
        {".", "250-half", Then::hang_up, "deferred 4.4.2 final_dot connect"},
        {".", "452 4.3.1 full\r\n", go, "deferred 4.3.1 data reply_4xx"},
        {".", "554 5.7.1 spam\r\n", go, "failed 5.7.1 data reply_5xx"},
        {".", "250 ok\r\n", Then::hang_up, "delivered"},
    };
    for (const Case& test : cases) {
        CAPTURE(test.step);
        CAPTURE(test.say);
        CAPTURE(static_cast<int>(test.then));
        ScriptedServer server({broken_at(test.step, test.say, test.then)});
        Client client(server);
        auto& timeouts = client.plan.session.timeouts;
        if (test.then == Then::stall) {
            timeouts.greeting = timeouts.command = timeouts.data_start = timeouts.final_reply =
                std::chrono::seconds(1);
        }
        CHECK(
            client.deliver_briefly(job_for({"a@rcpt.test"})) ==
            std::vector<std::string>{test.verdict}
        );
    }
}

TEST_CASE("an endless reply is cut off, at each step") {
    std::string endless;
    for (int i = 0; i < 3000; ++i)
        endless += "250-" + std::string(60, 'x') + "\r\n";
    for (const char* step : {"EHLO", "MAIL", "."}) {
        CAPTURE(step);
        ScriptedServer server({broken_at(step, endless, Then::stall)});
        Client client(server);
        const auto outcome = client.deliver(job_for({"a@rcpt.test"}));
        CHECK(outcome.verdicts[0].error_kind() == delivery::ErrorKind::protocol);
    }
}

TEST_CASE("a NUL in a reply is shown, and changes nothing") {
    const std::string with_nul("550 5.1.1 no\0body\r\n", 19);
    ScriptedServer server({broken_at("RCPT", with_nul, go)});
    Client client(server);
    const auto outcome = client.deliver(job_for({"a@rcpt.test"}));
    CHECK(brief(outcome.verdicts[0]) == "failed 5.1.1 rcpt reply_5xx");
    CHECK(outcome.verdicts[0].words() == "550 5.1.1 no?body");
}

TEST_CASE("a NUL among the extensions hides none and makes none") {
    const std::string nul(1, '\0');
    const std::string extensions = "250-mx.test\r\n250-SIZE 1" + nul + "000\r\n250-" + nul +
                                   "CHUNKING\r\n250-CHUNKING" + nul + "\r\n250 8BITMIME\r\n";
    ScriptedServer server({Script{{"", "220 mx.test\r\n"}, {"EHLO", extensions}} + taken});
    Client client(server);
    delivery::Message eightbit = small_message();
    eightbit.eightbit = true;
    CHECK(
        client.deliver_briefly(job_for(eightbit, {"a@rcpt.test"})) ==
        std::vector<std::string>{"delivered"}
    );
    CHECK(server.seen().find("BDAT") == std::string::npos);
    CHECK(server.seen().find("BODY=8BITMIME") != std::string::npos);
}

TEST_CASE("a server that refuses amid the content and closes is heard") {
    delivery::Message message = small_message();
    message.body = std::make_shared<const mail::Content>(
        "Subject: big\r\n\r\n", std::vector<std::string>(4000, std::string(4094, 'x') + "\r\n")
    );
    for (const std::vector<std::string>& extensions : {std::vector<std::string>{}, {"CHUNKING"}}) {
        CAPTURE(extensions.size());
        Script script =
            opening(extensions) + Script{{"MAIL", "250 ok\r\n"}, {"RCPT", "250 ok\r\n"}};
        if (extensions.empty()) script.push_back({"DATA", "354 go\r\n"});
        script.push_back(
            {extensions.empty() ? "Subject" : "", "552 5.3.4 too much\r\n", Then::hang_up}
        );
        ScriptedServer server({script});
        Client client(server);
        CHECK(
            client.deliver_briefly(job_for(message, {"a@rcpt.test"})) ==
            std::vector<std::string>{"failed 5.3.4 data reply_5xx"}
        );
    }
}

TEST_CASE("nothing is finished without the gate") {
    for (const std::vector<std::string>& extensions :
         {std::vector<std::string>{}, {"PIPELINING"}, {"CHUNKING"}}) {
        ScriptedServer server({opening(extensions) + taken});
        Client client(server);
        client.gate.answer = false;
        CHECK(
            client.deliver_briefly(job_for({"a@rcpt.test"})) ==
            std::vector<std::string>{"deferred 4.3.0 data local"}
        );
        const std::string seen = server.seen();
        CHECK(seen.find("\r\n.\r\n") == seen.npos);
        CHECK(seen.find("LAST") == seen.npos);
        CHECK(client.gate.asked.size() == 1);
    }
}
