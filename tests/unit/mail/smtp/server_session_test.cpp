// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/mail/smtp/server_fixture.hpp"

using namespace outpost;
using namespace outpost::test;

TEST_CASE("a message by DATA, and what is announced") {
    Server server;
    auto client = server.connect(false);
    const auto ehlo = client.say("EHLO client.example");
    for (const auto* word :
         {"PIPELINING", "SIZE 52428800", "8BITMIME", "SMTPUTF8", "CHUNKING", "DSN",
          "ENHANCEDSTATUSCODES", "LIMITS RCPTMAX=1000 MAILMAX=10000", "FUTURERELEASE 5184000 "}) {
        CAPTURE(word);
        CHECK(ehlo.find(word) != std::string::npos);
    }
    for (const auto* word : {"STARTTLS", "AUTH", "REQUIRETLS"})
        CHECK(ehlo.find(word) == std::string::npos);
    dialogue(
        client, {mail_ok,
                 rcpt_ok,
                 {"DATA", "354 "},
                 {"Subject: x\r\n\r\n..\r\nbody\r\n.", "250 2.0.0 taken"},
                 {"QUIT", "221 2.0.0"}}
    );
    CHECK(client.at_end());
    const auto taken = server.policy->all();
    REQUIRE(taken.size() == 1);
    CHECK(taken[0].content == "Subject: x\r\n\r\n.\r\nbody\r\n");
    CHECK(taken[0].client.helo == "client.example");
    CHECK(taken[0].transaction.mail.from.wire() == "a@b.example");
}

TEST_CASE("a pipelined group is answered in order") {
    Server server;
    auto client = server.connect();
    client.send(
        "MAIL FROM:<a@b.example>\r\nRCPT TO:<refused@d.example>\r\nRCPT "
        "TO:<c@d.example>\r\nDATA\r\n"
    );
    for (const auto* code : {"250", "550", "250", "354"})
        CHECK(code_of(client.reply()) == code);
    CHECK(code_of(client.say("x\r\n.")) == "250");
    CHECK(server.policy->all().size() == 1);
}

TEST_CASE("content sent before the 354 is no content") {
    Server server;
    auto client = server.connect();
    client.send("MAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\nDATA\r\nx\r\n.\r\n");
    for (const auto* code : {"250", "250", "503"})
        CHECK(code_of(client.reply()) == code);
    CHECK(client.at_end());
    CHECK(server.policy->all().empty());
}

TEST_CASE("the order of commands is insisted on") {
    Server server;
    auto client = server.connect(false);
    dialogue(
        client, {{"MAIL FROM:<a@b.example>", "503 5.5.1"},
                 {"EHLO x", "250-"},
                 {"RCPT TO:<c@d.example>", "503 5.5.1"},
                 {"DATA", "503 5.5.1"},
                 {"BDAT 0 LAST", "503 5.5.1"},
                 mail_ok,
                 {mail_ok.first, "503 5.5.1"},
                 {"DATA", "554 5.5.1"},
                 {"RSET", "250 2.0.0"},
                 {"RCPT TO:<c@d.example>", "503 5.5.1"},
                 mail_ok,
                 rcpt_ok,
                 {"EHLO x", "250-"},
                 {"DATA", "503 5.5.1"},
                 {"STARTTLS", "502 5.5.1"},
                 {"AUTH PLAIN", "502 5.5.1"},
                 {"VRFY x", "252 2.0.0"},
                 {"EXPN x", "502 5.5.1"},
                 {"HELP", "214 2.0.0"},
                 {"NOOP", "250 2.0.0"}}
    );
}

TEST_CASE("nothing of a refused message is left for the next") {
    ServerSettings settings;
    settings.content.max_size = 100;
    Server server(settings);
    const std::string long_body(200, 'x');
    const std::pair<std::string, std::string> table[] = {
        {"a\r\n" + long_body + "\r\n.", "552 5.3.4"},
        {"a\r\n" + std::string(95, 'x') + "\r\n\r\nx\r\n.", "552 5.3.4"},
        {std::string("a\0b\r\n.", 6), "550 5.6.0"},
    };
    for (const auto& [content, expected] : table) {
        auto client = server.connect();
        dialogue(
            client, {mail_ok,
                     rcpt_ok,
                     {"DATA", "354"},
                     {content, expected},
                     {"RCPT TO:<c@d.example>", "503"},
                     {"DATA", "503"},
                     {"BDAT 0 LAST", "503"}}
        );
    }
    auto client = server.connect();
    dialogue(
        client, {mail_ok,
                 {"RCPT TO:<late@d.example>", "250"},
                 {"DATA", "354"},
                 {"x\r\n.", "554 5.7.1"},
                 {"RCPT TO:<c@d.example>", "503"},
                 {"DATA", "503"}}
    );
    dialogue(
        client, {{"MAIL FROM:<refused@b.example>", "550"},
                 {"RCPT TO:<c@d.example>", "503"},
                 {"MAIL FROM:<a@b.example> SIZE=101", "552 5.3.4"},
                 {"RCPT TO:<c@d.example>", "503"}}
    );
}

TEST_CASE("smuggled line ends are refused, and the connection ends") {
    Server server;
    for (const std::string sequence :
         {"\n.\n", "\n.\r\n", "\r.\r\n", "\r\n.\n", "\r\n.\r\r\n", "\r\r\n.\r\r\n"}) {
        auto client = server.connect();
        dialogue(client, {mail_ok, rcpt_ok, {"DATA", "354"}});
        client.send(
            "x" + sequence +
            "MAIL FROM:<evil@b.example>\r\nRCPT TO:<c@d.example>\r\nDATA\r\nevil\r\n.\r\n"
        );
        CHECK(client.reply().starts_with("550 5.6.0"));
        CHECK(client.at_end());
    }
    CHECK(server.policy->all().empty());
}

TEST_CASE("BDAT: chunks, with commands behind them in one segment") {
    Server server;
    auto client = server.connect();
    client.send(
        "MAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\nBDAT 6\r\na: b\r\nBDAT 7 "
        "LAST\r\n\r\n.\r\nxxNOOP\r\n"
    );
    for (const auto* code : {"250", "250", "250", "250", "250"})
        CHECK(code_of(client.reply()) == code);
    const auto taken = server.policy->all();
    REQUIRE(taken.size() == 1);
    CHECK(taken[0].content == "a: b\r\n\r\n.\r\nxx\r\n");
}

TEST_CASE("BDAT: what is wrong") {
    ServerSettings settings;
    settings.content.max_size = 100;
    Server server(settings);
    SUBCASE("without MAIL the chunk is read, and no command is found in it") {
        auto client = server.connect();
        client.send("BDAT 23\r\nMAIL FROM:<a@b.example>");
        client.send("NOOP\r\n");
        CHECK(client.reply().starts_with("503"));
        CHECK(client.reply().starts_with("250 2.0.0"));
    }
    SUBCASE("a size that is none ends the session: what follows is content of unknown length") {
        for (const auto* size : {"-1", "0x10", "18446744073709551616", ""}) {
            auto client = server.connect();
            dialogue(client, {mail_ok, rcpt_ok, {std::string("BDAT ") + size, "501 5.5.4"}});
            CHECK(client.at_end());
        }
    }
    SUBCASE("a size beyond everything") {
        auto client = server.connect();
        dialogue(client, {mail_ok, rcpt_ok, {"BDAT 9223372036854775808", "552 5.3.4"}});
        CHECK(client.at_end());
    }
    SUBCASE("DATA and RCPT after BDAT") {
        auto client = server.connect();
        client.send("MAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\nBDAT 1\r\nx");
        for (int i = 0; i < 3; ++i)
            CHECK(code_of(client.reply()) == "250");
        dialogue(
            client, {{"RCPT TO:<e@d.example>", "503"}, {"DATA", "503"}, {"BDAT 0 LAST", "503"}}
        );
    }
    SUBCASE("RSET amid") {
        auto client = server.connect();
        client.send(
            "MAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\nBDAT 1\r\nxRSET\r\nBDAT 1 "
            "LAST\r\nx"
        );
        for (const auto* code : {"250", "250", "250", "250", "503"})
            CHECK(code_of(client.reply()) == code);
    }
    SUBCASE("too large in sum: refused, and the state is gone") {
        auto client = server.connect();
        client.send(
            "MAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\nBDAT 60\r\n" +
            std::string(60, 'x') + "BDAT 60\r\n" + std::string(60, 'x') + "BDAT 1 LAST\r\nx"
        );
        for (const auto* code : {"250", "250", "250", "552", "503"})
            CHECK(code_of(client.reply()) == code);
    }
    SUBCASE("a bare LF across chunks") {
        auto client = server.connect();
        client.send(
            "MAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\nBDAT 1\r\nxBDAT 2 LAST\r\n\nx"
        );
        for (const auto* code : {"250", "250", "250", "550"})
            CHECK(code_of(client.reply()) == code);
        CHECK(client.at_end());
    }
    SUBCASE("the client goes away amid a chunk") {
        auto client = server.connect();
        dialogue(client, {mail_ok, rcpt_ok});
        client.send("BDAT 50 LAST\r\nhalf");
        client.socket().shutdown(asio::ip::tcp::socket::shutdown_send);
        CHECK(client.at_end());
    }
    CHECK(server.policy->all().empty());
}

TEST_CASE("thousands of tiny chunks") {
    Server server;
    auto client = server.connect();
    std::string all = "MAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\n";
    for (int i = 0; i < 2000; ++i)
        all += "BDAT 1\r\nx";
    all += "BDAT 0 LAST\r\n";
    client.send(all);
    for (int i = 0; i < 2003; ++i)
        REQUIRE(code_of(client.reply()) == "250");
    CHECK(server.policy->all().at(0).content == std::string(2000, 'x') + "\r\n");
    CHECK(server.settings->memory->used() == 0);
}

TEST_CASE("bounds of a session") {
    SUBCASE("a line that is too long") {
        Server server;
        auto client = server.connect();
        CHECK(client.say("NOOP " + std::string(600, 'x')).starts_with("500 5.5.2"));
        CHECK(client.say("NOOP " + std::string(30'000, 'x')).starts_with("500 5.5.2"));
        CHECK(client.say("NOOP").starts_with("250"));
    }
    SUBCASE("a line with a bare LF ends it") {
        Server server;
        auto client = server.connect();
        client.send("NOOP\nNOOP\r\n");
        CHECK(client.reply().starts_with("500 5.5.2"));
        CHECK(client.at_end());
    }
    SUBCASE("too many errors") {
        Server server;
        auto client = server.connect();
        std::string last;
        for (int i = 0; i < 22; ++i)
            last = client.say("FOO");
        CHECK(last.starts_with("421 4.7.0"));
        CHECK(client.at_end());
    }
    SUBCASE("NOOP without end") {
        Server server;
        auto client = server.connect();
        int count = 0;
        while (code_of(client.say("NOOP")) == "250" && count < 1000)
            ++count;
        CHECK(count == 100);  // EHLO was one, too
    }
    SUBCASE("too many recipients") {
        ServerSettings settings;
        settings.max_recipients = 2;
        Server server(settings);
        auto client = server.connect();
        dialogue(
            client, {mail_ok,
                     rcpt_ok,
                     rcpt_ok,
                     {"RCPT TO:<e@d.example>", "452 4.5.3"},
                     {"DATA", "354"},
                     {".", "250"}}
        );
    }
    SUBCASE("too many messages") {
        ServerSettings settings;
        settings.max_messages = 2;
        Server server(settings);
        auto client = server.connect(false);
        CHECK(client.say("EHLO x").find("MAILMAX=2") != std::string::npos);
        for (int i = 0; i < 2; ++i)
            dialogue(client, {mail_ok, rcpt_ok, {"DATA", "354"}, {"x\r\n.", "250"}});
        CHECK(client.say("MAIL FROM:<a@b.example>").starts_with("421 4.7.0"));
        CHECK(client.at_end());
    }
    SUBCASE("silence") {
        ServerSettings settings;
        settings.idle_timeout = std::chrono::seconds(1);
        Server server(settings);
        auto client = server.connect();
        CHECK(client.reply().starts_with("421 4.4.2"));
        CHECK(client.at_end());
    }
    SUBCASE("no memory left") {
        ServerSettings settings;
        settings.memory = std::make_shared<MemoryBudget>(100'000);
        Server server(settings);
        auto client = server.connect();
        dialogue(
            client, {{"MAIL FROM:<a@b.example> SIZE=200000", "250"},
                     rcpt_ok,
                     {"DATA", "452 4.3.1"},
                     {"RCPT TO:<c@d.example>", "503"},
                     mail_ok,
                     rcpt_ok,
                     {"DATA", "354"}}
        );
        std::string lines;
        while (lines.size() < 150'000)
            lines += std::string(70, 'x') + "\r\n";
        CHECK(client.say(lines + ".").starts_with("452 4.3.1"));
        CHECK(server.settings->memory->used() == 0);
    }
    SUBCASE("shutdown") {
        Server server;
        auto client = server.connect();
        server.shut_down();
        CHECK(client.reply().starts_with("421 4.3.2"));
        CHECK(client.at_end());
    }
}

TEST_CASE("web requests are hung up on") {
    Server server;
    auto client = server.connect(false);
    client.send(
        "POST / HTTP/1.1\r\nHost: mx.example.org\r\nContent-Length: 10\r\n\r\nMAIL "
        "FROM:<a@b.example>\r\n"
    );
    CHECK(client.reply().starts_with("554"));
    CHECK(client.at_end());
}

TEST_CASE("FUTURERELEASE up to the announced limit") {
    Server server;
    auto client = server.connect();
    dialogue(
        client, {{"MAIL FROM:<a@b.example> HOLDFOR=5184001", "501 5.5.4"},
                 {"MAIL FROM:<a@b.example> HOLDUNTIL=2199-01-01T00:00:00Z", "501 5.5.4"},
                 {"MAIL FROM:<a@b.example> HOLDFOR=60", "250"},
                 rcpt_ok,
                 {"DATA", "354"},
                 {"x\r\n.", "250"}}
    );
    const auto left = *server.policy->all().at(0).transaction.release_at - WallClock::now();
    CHECK(left > std::chrono::seconds(50));
    CHECK(left <= std::chrono::seconds(60));
}

TEST_CASE("SMTPUTF8 must be asked for") {
    Server server;
    auto client = server.connect();
    dialogue(
        client, {mail_ok,
                 {"RCPT TO:<ü@d.example>", "553 5.6.7"},
                 {"RSET", "250"},
                 {"MAIL FROM:<ü@b.example> SMTPUTF8", "250"},
                 {"RCPT TO:<ü@d.example>", "250"}}
    );
}

TEST_CASE("what comes in clear behind STARTTLS is forgotten") {
    Server server(with_tls());
    auto client = server.connect();
    client.send("STARTTLS\r\nEHLO evil.example\r\nMAIL FROM:<evil@b.example>\r\n");
    CHECK(client.reply().starts_with("220"));
    client.start_tls();
    // The first reply after the handshake is to what is said now, and nothing said before counts.
    dialogue(
        client,
        {{"RCPT TO:<c@d.example>", "503"}, {"MAIL FROM:<a@b.example>", "503"}, {"STARTTLS", "503"}}
    );
    const auto ehlo = client.say("EHLO client.example");
    CHECK(ehlo.find("STARTTLS") == std::string::npos);
    CHECK(
        ehlo.find("AUTH SCRAM-SHA-256-PLUS SCRAM-SHA-256 SCRAM-SHA-1-PLUS SCRAM-SHA-1 PLAIN LOGIN"
        ) != std::string::npos
    );
    dialogue(client, {mail_ok, rcpt_ok});
}

TEST_CASE("REQUIRETLS has no value, and is for who was told of it under TLS") {
    auto settings = with_tls();
    settings.requiretls_offered = true;
    Server server(settings);
    auto client = server.connect();
    dialogue(client, {{"MAIL FROM:<a@b.example> REQUIRETLS", "523 5.7.10"}, {"STARTTLS", "220"}});
    client.start_tls();
    dialogue(
        client, {{"HELO client.example", "250"},
                 {"MAIL FROM:<a@b.example> REQUIRETLS", "555 5.5.4"},
                 {"EHLO client.example", "250"},
                 {"MAIL FROM:<a@b.example> REQUIRETLS=YES", "501 5.5.4"},
                 {"MAIL FROM:<a@b.example> REQUIRETLS=", "501 5.5.4"},
                 {"MAIL FROM:<a@b.example> REQUIRETLS REQUIRETLS", "501 5.5.4"},
                 {"MAIL FROM:<a@b.example> RequireTLS", "250 2.1.0"},
                 {"RSET", "250"},
                 mail_ok,
                 rcpt_ok,
                 {"DATA", "354"},
                 {".", "250"}}
    );
    REQUIRE(server.policy->all().size() == 1);
    CHECK_FALSE(server.policy->all()[0].transaction.mail.require_tls);  // RSET ended that one
}

TEST_CASE("where TLS is required, nothing goes without") {
    auto settings = with_tls();
    settings.tls_required = true;
    Server server(settings);
    auto client = server.connect(false);
    CHECK(client.say("EHLO x").find("AUTH") == std::string::npos);
    dialogue(
        client, {{"MAIL FROM:<a@b.example>", "530 5.7.0"},
                 {"AUTH SCRAM-SHA-256", "530 5.7.0"},
                 {"STARTTLS", "220"}}
    );
    client.start_tls();
    client.say("EHLO x");
    dialogue(client, {mail_ok});
}

TEST_CASE("AUTH dialogues") {
    Server server(with_tls());
    const std::string good = base64_encode(std::string("\0user\0pencil", 12));
    const std::string bad = base64_encode(std::string("\0user\0wrong", 11));
    const std::string unknown = base64_encode(std::string("\0nobody\0pencil", 14));
    auto client = server.connect();
    SUBCASE("in clear only what hides the password") {
        dialogue(
            client, {{"AUTH PLAIN " + good, "538 5.7.11"},
                     {"AUTH LOGIN", "538 5.7.11"},
                     {"AUTH FOO", "504 5.5.4"},
                     {"AUTH SCRAM-SHA-256-PLUS", "504"}}
        );
        return;
    }
    client.say("STARTTLS");
    client.start_tls();
    CHECK(client.say("AUTH PLAIN " + good).starts_with("503"));
    client.say("EHLO x");
    SUBCASE("PLAIN at once") {
        dialogue(
            client, {{"AUTH PLAIN " + good, "235 2.7.0"},
                     {"AUTH PLAIN " + good, "503"},
                     mail_ok,
                     rcpt_ok,
                     {"DATA", "354"},
                     {"x\r\n.", "250"}}
        );
        CHECK(server.policy->all().at(0).client.account == "account");
    }
    SUBCASE("PLAIN when asked, LOGIN in both forms") {
        dialogue(client, {{"AUTH PLAIN", "334 "}, {good, "235"}});
        auto second = server.connect();
        second.say("STARTTLS");
        second.start_tls();
        second.say("EHLO x");
        dialogue(
            second, {{"AUTH LOGIN", "334 VXNlcm5hbWU6"},
                     {base64_encode("user"), "334 UGFzc3dvcmQ6"},
                     {base64_encode("wrong"), "535 5.7.8"},
                     {"AUTH LOGIN " + base64_encode("user"), "334 UGFzc3dvcmQ6"},
                     {base64_encode("pencil"), "235"}}
        );
    }
    SUBCASE("failures of all kinds leave nothing behind") {
        dialogue(
            client, {{"AUTH PLAIN", "334"},
                     {"*", "501 5.7.0"},
                     {"AUTH PLAIN !!!", "501 5.5.2"},
                     {"AUTH LOGIN", "334"},
                     {"=", "501 5.5.2"},
                     {"AUTH PLAIN =", "535"},
                     {"AUTH PLAIN", "334"},
                     {std::string(20'000, 'A'), "500 5.5.6"},
                     {"AUTH SCRAM-SHA-256 " + base64_encode("n,,n=user,r=abc"), "334"},
                     {"*", "501"},
                     {"AUTH PLAIN " + good, "235"}}
        );
    }
    SUBCASE("wrong and unknown are the same, and three end it") {
        const auto wrong = client.say("AUTH PLAIN " + bad);
        CHECK(wrong.starts_with("535 5.7.8"));
        CHECK(client.say("AUTH PLAIN " + unknown) == wrong);
        CHECK(client.say("AUTH SCRAM-SHA-256 " + base64_encode("n,,n=nobody,r=abc"))
                  .starts_with("334 "));
        CHECK(client.say(base64_encode("c=biws,r=abc,p=AAAA")) == wrong);
        CHECK(client.reply().starts_with("421 4.7.0"));
        CHECK(client.at_end());
    }
    SUBCASE("not within a transaction") {
        dialogue(client, {mail_ok, {"AUTH PLAIN " + good, "503"}});
    }
}

TEST_CASE("failed logins from one address become slow, then are not looked at") {
    AuthThrottle throttle;
    const SteadyTime now{};
    CHECK(throttle.delay("192.0.2.1", now) == Duration::zero());
    throttle.failed("192.0.2.1", now);
    CHECK(throttle.delay("192.0.2.1", now) == std::chrono::milliseconds(250));
    throttle.failed("192.0.2.1", now);
    CHECK(throttle.delay("192.0.2.1", now) == std::chrono::milliseconds(500));
    CHECK(throttle.delay("192.0.2.2", now) == Duration::zero());
    for (unsigned i = 0; i < AuthThrottle::max_failures; ++i)
        throttle.failed("192.0.2.1", now);
    CHECK(throttle.blocked("192.0.2.1", now));
    CHECK_FALSE(throttle.blocked("192.0.2.1", now + std::chrono::minutes(11)));
    throttle.succeeded("192.0.2.1");
    CHECK_FALSE(throttle.blocked("192.0.2.1", now));
}
