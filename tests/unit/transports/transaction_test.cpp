// SPDX-License-Identifier: Apache-2.0
// What is said to servers with these and those extensions, and what each recipient gets.
#include <doctest/doctest.h>

#include "tests/unit/transports/fixture.hpp"

using namespace outpost;
using namespace outpost::test;
using Briefs = std::vector<std::string>;

namespace {

const Briefs three = {"a@rcpt.test", "b@rcpt.test", "c@rcpt.test"};
const Briefs with_and_without_pipelining = {"PIPELINING", "HELP"};

bool has(const std::string& text, const std::string& part) {
    return text.find(part) != text.npos;
}

std::size_t count(const std::string& text, const std::string& part) {
    std::size_t found = 0;
    for (auto at = text.find(part); at != text.npos; at = text.find(part, at + 1))
        ++found;
    return found;
}

/// What a server with these extensions is told, up to its taking the message.
std::string told(
    const std::vector<std::string>& extensions, delivery::Message message,
    const std::vector<std::string>& recipients = {"a@rcpt.test"}
) {
    Script script = opening(extensions) + Script{{"MAIL", "250 ok\r\n"}};
    for (std::size_t i = 0; i < recipients.size(); ++i)
        script.push_back({"RCPT", "250 ok\r\n"});
    if (std::find(extensions.begin(), extensions.end(), "CHUNKING") != extensions.end()) {
        script.push_back({"BDAT", "250 ok\r\n"});
    } else {
        script.push_back({"DATA", "354 go\r\n"});
        script.push_back({".", "250 ok\r\n"});
    }
    ScriptedServer server({script});
    Client client(server);
    const auto outcome = client.deliver(job_for(std::move(message), recipients));
    CHECK(brief(outcome.verdicts[0]) == "delivered");
    return server.seen();
}

}  // namespace

TEST_CASE("parameters are those that the server offers and the message needs") {
    delivery::Message plain = small_message();
    CHECK(has(told({}, plain), "MAIL FROM:<from@sender.test>\r\nRCPT TO:<a@rcpt.test>\r\n"));
    CHECK(has(told({"SIZE"}, plain), "MAIL FROM:<from@sender.test> SIZE=25\r\n"));
    CHECK(has(told({"SIZE 0"}, plain), "SIZE=25\r\n"));  // 0: no limit
    CHECK(
        has(told({"8BITMIME", "SMTPUTF8", "DSN", "REQUIRETLS"}, plain),
            "MAIL FROM:<from@sender.test>\r\n")
    );

    delivery::Message eightbit = small_message();
    eightbit.eightbit = true;
    CHECK(has(told({"8BITMIME"}, eightbit), " BODY=8BITMIME\r\n"));
    CHECK_FALSE(has(told({"SIZE"}, eightbit), "BODY"));

    delivery::Message reporting = small_message();
    reporting.ret = delivery::Ret::headers;
    reporting.envid = "id+1 x";
    CHECK(has(told({"DSN"}, reporting), " RET=HDRS ENVID=id+2B1+20x\r\n"));
    CHECK_FALSE(has(told({"SIZE"}, reporting), "ENVID"));

    delivery::Message from_nobody = small_message();
    from_nobody.mail_from = {};
    CHECK(has(told({}, from_nobody), "MAIL FROM:<>\r\n"));
}

TEST_CASE("REQUIRETLS that is announced in clear is not believed") {
    delivery::Message message = small_message();
    message.tls_wish = delivery::TlsWish::required;
    ScriptedServer server({opening({"REQUIRETLS"}) + Script{{"QUIT", "221 bye\r\n"}}});
    Client client(server);
    CHECK(
        client.deliver_briefly(job_for(message, {"a@rcpt.test"})) ==
        Briefs{"deferred 4.7.30 mail policy"}
    );
    CHECK_FALSE(has(client.transcript, "MAIL"));
}

TEST_CASE("SMTPUTF8 is used when the message needs it, and only then") {
    delivery::Message ascii = small_message();
    ascii.smtputf8 = true;  // submitted so, but there is nothing in it that needs it
    CHECK_FALSE(has(told({"SMTPUTF8"}, ascii), "SMTPUTF8"));
    CHECK(has(told({}, ascii), "MAIL FROM"));

    CHECK(
        has(told({"SMTPUTF8", "8BITMIME"}, small_message(), {"j\xc3\xb6rg@rcpt.test"}),
            " SMTPUTF8\r\nRCPT TO:<j\xc3\xb6rg@rcpt.test>")
    );
    CHECK(
        has(told(
                {}, small_message(),
                {"a@b\xc3\xbc"
                 "cher.test"}
            ),
            "RCPT TO:<a@xn--bcher-kva.test>")
    );

    ScriptedServer server({opening({"SIZE"}) + Script{{"QUIT", "221 bye\r\n"}}});
    Client client(server);
    CHECK(
        client.deliver_briefly(job_for({"j\xc3\xb6rg@rcpt.test"})) ==
        Briefs{"failed 5.6.7 mail policy"}
    );
}

TEST_CASE("dots are stuffed in DATA and left alone in BDAT") {
    const std::string by_data = told({}, small_message());
    CHECK(has(by_data, "DATA\r\nSubject: x\r\n\r\none\r\n..two\r\n.\r\n"));
    const std::string by_bdat = told({"CHUNKING"}, small_message());
    CHECK(has(by_bdat, "BDAT 25 LAST\r\nSubject: x\r\n\r\none\r\n.two\r\n"));
    CHECK_FALSE(has(by_bdat, "DATA\r\n"));
}

TEST_CASE("a large message comes whole, by DATA and by BDAT") {
    delivery::Message message = small_message();
    message.body = std::make_shared<const mail::Content>(
        "Subject: big\r\n\r\n", std::vector<std::string>(50, std::string(9998, 'x') + "\r\n")
    );
    ScriptedServer server(
        {opening({"CHUNKING"}) +
         Script{
             {"MAIL", "250 ok\r\n"},
             {"RCPT", "250 ok\r\n"},
             {"BDAT", "250 more\r\n"},
             {"BDAT", "250 all\r\n"}
         }}
    );
    Client client(server);
    CHECK(client.deliver_briefly(job_for(message, {"a@rcpt.test"})) == Briefs{"delivered"});
    CHECK(count(server.seen(), "x") >= 50 * 9998);
    CHECK(count(told({}, message), "x") >= 50 * 9998);
}

TEST_CASE("bare line ends never leave, whatever the server offers") {
    for (const char* body :
         {"a\n.\nb\r\n", "a\n.\r\nb\r\n", "a\r\n.\nb\r\n", "a\r.\rb\r\n", "a\r\r\n.\r\r\n",
          "a\r\n.\r", "a\n"}) {
        for (const char* extension : {"CHUNKING", "PIPELINING", "SIZE"}) {
            delivery::Message message = small_message();
            message.body = std::make_shared<const mail::Content>(
                "Subject: x\r\n\r\n", std::vector<std::string>{body}
            );
            ScriptedServer server({opening({extension}) + taken});
            {
                Client client(server);
                CHECK(
                    client.deliver_briefly(job_for(message, {"a@rcpt.test"})) ==
                    Briefs{"failed 5.6.0 mail local"}
                );
            }
            CHECK_FALSE(has(server.seen(), "MAIL"));
        }
    }
}

TEST_CASE("a message over the announced size is not even begun") {
    ScriptedServer server({opening({"SIZE 24"}) + Script{{"QUIT", "221 bye\r\n"}}});
    {
        Client client(server);
        CHECK(
            client.deliver_briefly(job_for({"a@rcpt.test"})) == Briefs{"failed 5.3.4 mail policy"}
        );
    }
    CHECK_FALSE(has(server.seen(), "MAIL"));
    CHECK(has(told({"SIZE 25"}, small_message()), "SIZE=25"));
}

TEST_CASE("every recipient keeps its own reply") {
    for (const auto& extension : with_and_without_pipelining) {
        CAPTURE(extension);
        ScriptedServer server(
            {opening({extension}) +
             Script{
                 {"MAIL", "250 ok\r\n"},
                 {"RCPT", "251 will forward\r\n"},
                 {"RCPT", "550 5.1.1 who?\r\n"},
                 {"RCPT", "450 4.2.1 later\r\n"},
                 {"DATA", "354 go\r\n"},
                 {".", "250 ok\r\n"}
             }}
        );
        Client client(server);
        CHECK(
            client.deliver_briefly(job_for(three)) ==
            Briefs{"delivered", "failed 5.1.1 rcpt reply_5xx", "deferred 4.2.1 rcpt reply_4xx"}
        );
        CHECK(client.gate.asked == std::vector<std::vector<std::int32_t>>{{1}});
    }
}

TEST_CASE("when all recipients are refused, each has its code, and nothing is sent") {
    struct Case {
        const char* extension;
        const char* to_data;  ///< the reply to the DATA that was sent ahead
    };
    for (const Case& test :
         {Case{"PIPELINING", "503 5.5.1 no recipients\r\n"}, Case{"PIPELINING", "354 go\r\n"},
          Case{"HELP", ""}}) {
        CAPTURE(test.to_data);
        Script script = opening({test.extension}) + Script{
                                                        {"MAIL", "250 ok\r\n"},
                                                        {"RCPT", "550 5.1.1 a\r\n"},
                                                        {"RCPT", "550 5.1.2 b\r\n"},
                                                        {"RCPT", "450 4.2.2 c\r\n"}
                                                    };
        const bool asked_for_data = std::string_view(test.to_data).starts_with("354");
        if (test.to_data[0] != 0) script.push_back({"DATA", test.to_data});
        if (asked_for_data) script.push_back({".", "554 5.5.1 no valid recipients\r\n"});
        ScriptedServer server({script + Script{{"RSET", "250 ok\r\n"}, {"QUIT", "221 bye\r\n"}}});
        {
            Client client(server);
            CHECK(
                client.deliver_briefly(job_for(three)) ==
                Briefs{
                    "failed 5.1.1 rcpt reply_5xx", "failed 5.1.2 rcpt reply_5xx",
                    "deferred 4.2.2 rcpt reply_4xx"
                }
            );
            CHECK(client.gate.asked.empty());
        }
        const std::string seen = server.seen();
        CHECK_FALSE(has(seen, "Subject"));
        CHECK(
            has(seen, "DATA\r\n.\r\n") == asked_for_data
        );  // the lone dot, for a server that waits
    }
}

TEST_CASE("a refused MAIL is the answer for all, even when the connection ends behind it") {
    for (const auto& extension : with_and_without_pipelining) {
        ScriptedServer server(
            {opening({extension}) + Script{{"MAIL", "550 5.7.1 no\r\n", Step::Then::hang_up}}}
        );
        Client client(server);
        CHECK(client.deliver_briefly(job_for(three)) == Briefs(3, "failed 5.7.1 mail reply_5xx"));
    }
}

TEST_CASE("recipients beyond what a server takes at once go in another transaction of the session"
) {
    for (const auto& extension : with_and_without_pipelining) {
        for (const char* too_many : {"452 4.5.3 too many\r\n", "552 too many\r\n"}) {
            CAPTURE(extension);
            ScriptedServer server(
                {opening({extension}) +
                 Script{
                     {"MAIL", "250 ok\r\n"},
                     {"RCPT", "250 ok\r\n"},
                     {"RCPT", too_many},
                     {"RCPT", too_many},
                     {"DATA", "354 go\r\n"},
                     {".", "250 ok\r\n"},
                     {"MAIL", "250 ok\r\n"},
                     {"RCPT", "250 ok\r\n"},
                     {"RCPT", "250 ok\r\n"},
                     {"DATA", "354 go\r\n"},
                     {".", "451 4.3.0 later\r\n"}
                 }}
            );
            Client client(server);
            CHECK(
                client.deliver_briefly(job_for(three)) ==
                Briefs{
                    "delivered", "deferred 4.3.0 data reply_4xx", "deferred 4.3.0 data reply_4xx"
                }
            );
            CHECK(client.gate.asked == std::vector<std::vector<std::int32_t>>{{1}, {2, 3}});
        }
    }
}

TEST_CASE("a connection lost in the second transaction leaves the first one's verdicts alone") {
    ScriptedServer server(
        {opening({"LIMITS RCPTMAX=2"}) +
         Script{
             {"MAIL", "250 ok\r\n"},
             {"RCPT", "250 ok\r\n"},
             {"RCPT", "550 5.1.1 who?\r\n"},
             {"DATA", "354 go\r\n"},
             {".", "250 ok\r\n"},
             {"MAIL", "250 ok\r\n"},
             {"RCPT", "", Step::Then::hang_up}
         }}
    );
    Client client(server);
    CHECK(
        client.deliver_briefly(job_for(three)) ==
        Briefs{"delivered", "failed 5.1.1 rcpt reply_5xx", "deferred 4.4.2 rcpt connect"}
    );
}

TEST_CASE("LIMITS: recipients and domains of one transaction, transactions of one session") {
    const Script one = {
        {"MAIL", "250 ok\r\n"}, {"RCPT", "250 ok\r\n"}, {"DATA", "354 go\r\n"}, {".", "250 ok\r\n"}
    };
    {
        ScriptedServer server({opening({"LIMITS RCPTDOMAINMAX=1"}) + one + one});
        Client client(server);
        CHECK(
            client.deliver_briefly(job_for({"a@one.test", "b@two.test"})) ==
            Briefs{"delivered", "delivered"}
        );
    }
    ScriptedServer server(
        {opening({"LIMITS MAILMAX=2 RCPTMAX=1"}) + one + one + Script{{"QUIT", "221 bye\r\n"}},
         opening({}) + one}
    );
    Client client(server);
    CHECK(
        client.deliver_briefly(job_for({"a@one.test", "b@one.test"})) ==
        Briefs{"delivered", "delivered"}
    );
    CHECK(client.deliver_briefly(job_for({"a@one.test"})) == Briefs{"delivered"});
    CHECK(server.connections() == 2);
}

TEST_CASE("HELO for a server that does not know EHLO") {
    for (const char* unknown : {"500 what?\r\n", "502 no\r\n"}) {
        ScriptedServer server(
            {Script{{"", "220 old\r\n"}, {"EHLO", unknown}, {"HELO client.test", "250 hello\r\n"}} +
             taken}
        );
        Client client(server);
        CHECK(client.deliver_briefly(job_for({"a@rcpt.test"})) == Briefs{"delivered"});
    }
}

TEST_CASE("LMTP has a final reply for each recipient that was accepted") {
    ScriptedServer server({Script{
        {"", "220 store\r\n"},
        {"LHLO client.test", ehlo_reply({"PIPELINING"})},
        {"MAIL", "250 ok\r\n"},
        {"RCPT", "250 ok\r\n"},
        {"RCPT", "550 5.1.1 who?\r\n"},
        {"RCPT", "250 ok\r\n"},
        {"DATA", "354 go\r\n"},
        {".", "250 kept\r\n452 4.2.2 full\r\n"}
    }});
    Client client(server);
    client.plan.session.lmtp = true;
    CHECK(
        client.deliver_briefly(job_for(three)) ==
        Briefs{"delivered", "failed 5.1.1 rcpt reply_5xx", "deferred 4.2.2 data reply_4xx"}
    );
}

TEST_CASE("sessions are used again, and one that ended meanwhile costs nothing") {
    {
        ScriptedServer server({opening({}) + taken + taken + Script{{"QUIT", "221 bye\r\n"}}});
        {
            Client client(server);
            CHECK(client.deliver_briefly(job_for({"a@rcpt.test"})) == Briefs{"delivered"});
            CHECK(client.deliver_briefly(job_for({"b@rcpt.test"})) == Briefs{"delivered"});
            CHECK(has(client.transcript, "session that was open"));
        }
        CHECK(count(server.seen(), "EHLO") == 1);
        CHECK(has(server.seen(), "QUIT"));
        CHECK(server.connections() == 1);
    }
    for (const Script& ending :
         {Script{}, Script{{"MAIL", "421 4.4.2 idle too long\r\n", Step::Then::hang_up}},
          Script{{"", "421 4.4.2 idle too long\r\n", Step::Then::hang_up}}}) {
        ScriptedServer server({opening({}) + taken + ending, opening({}) + taken});
        Client client(server);
        CHECK(client.deliver_briefly(job_for({"a@rcpt.test"})) == Briefs{"delivered"});
        CHECK(client.deliver_briefly(job_for({"b@rcpt.test"})) == Briefs{"delivered"});
        CHECK(server.connections() == 2);
    }
}

TEST_CASE("a session lost after MAIL was answered is not repeated on another") {
    ScriptedServer server(
        {opening({}) + taken + Script{{"MAIL", "250 ok\r\n"}, {"RCPT", "", Step::Then::hang_up}},
         opening({}) + taken}
    );
    Client client(server);
    CHECK(client.deliver_briefly(job_for({"a@rcpt.test"})) == Briefs{"delivered"});
    CHECK(
        client.deliver_briefly(job_for({"b@rcpt.test"})) == Briefs{"deferred 4.4.2 rcpt connect"}
    );
}
