// SPDX-License-Identifier: Apache-2.0
// Inputs that other servers have fallen for, said to ours.
#include <thread>

#include "core/foundation/base/safe_text.hpp"
#include "tests/unit/mail/smtp/server_fixture.hpp"

using namespace outpost;
using namespace outpost::test;
using namespace std::string_literals;
using std::chrono::seconds;

namespace {

const std::string mail_and_rcpt = "MAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\n";

/// The codes of the replies up to the one to VRFY, which is sent behind what was sent before; with
/// "end" when the server hangs up.
std::string codes(BlockingSmtpClient& client) {
    client.send("VRFY done\r\n");
    std::string all;
    while (true) {
        const auto reply = client.reply();
        if (reply.empty()) return all + "end";
        if (reply.starts_with("252")) return all;
        all += code_of(reply) + ' ';
    }
}

/// What is answered to these octets, with the server's farewell.
std::string answers(Server& server, const std::string& octets) {
    auto client = server.connect();
    client.send(octets);
    return codes(client);
}

}  // namespace

TEST_CASE("a browser that is led to us gets nothing (ALPACA, CVE-2021-3618)") {
    auto settings = with_tls();
    SUBCASE("HTTP in clear, at once or within a session") {
        Server server(settings);
        for (const std::string request :
             {"GET / HTTP/1.1\r\nHost: mx.example.org\r\n\r\n",
              "CONNECT mx.example.org:25 HTTP/1.1\r\n\r\n", "OPTIONS * HTTP/1.1\r\n\r\n",
              "Host: mx.example.org\r\n", "User-Agent: x\r\n", "Content-Length: 100\r\n",
              "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"}) {
            CAPTURE(request);
            auto client = server.connect(false);
            client.send(request + "EHLO x\r\n" + mail_and_rcpt);
            CHECK(client.reply().starts_with("554 5.5.1"));
            CHECK(client.at_end());
            CHECK(answers(server, mail_and_rcpt + request) == "250 250 554 end");
        }
    }
    SUBCASE("by TLS: the protocol must be ours, and the request is hung up on all the same") {
        settings.implicit_tls = true;
        Server server(settings);
        for (const char* protocol : {"http/1.1", "h2", "imap"}) {
            BlockingSmtpClient client(server.listener->port());
            CHECK_FALSE(client.start_tls_for(protocol));
        }
        BlockingSmtpClient client(server.listener->port());
        REQUIRE(client.start_tls_for("smtp"));
        CHECK(client.reply().starts_with("220"));
        client.send("POST / HTTP/1.1\r\nHost: mx.example.org\r\n\r\nEHLO x\r\n");
        CHECK(client.reply().starts_with("554 5.5.1"));
        CHECK(client.at_end());
    }
    SUBCASE("what a proxy would say before its client is no command") {
        Server server(settings);
        CHECK(answers(server, "PROXY TCP4 192.0.2.1 192.0.2.2 1 25\r\n") == "500 ");
        CHECK(answers(server, "XCLIENT ADDR=192.0.2.1\r\nXFORWARD NAME=x\r\n") == "500 500 ");
    }
}

TEST_CASE("after each refusal of content a new message begins from nothing") {
    ServerSettings settings;
    settings.content.max_size = 2000;
    settings.content.max_line = 1000;
    Server server(settings);
    const std::string late = "MAIL FROM:<a@b.example>\r\nRCPT TO:<late@d.example>\r\n";
    struct Refusal {
        std::string what, envelope, content, code;
    };
    const Refusal refusals[] = {
        {"too large", mail_and_rcpt,
         "a: b\r\n\r\n" + std::string(990, 'x') + "\r\n" + std::string(990, 'x') + "\r\n" +
             std::string(990, 'x') + "\r\n",
         "552"},
        {"a line too long", mail_and_rcpt, "a: b\r\n\r\n" + std::string(1500, 'x') + "\r\n", "550"},
        {"NUL", mail_and_rcpt, "a: b\r\n\r\n\0\r\n"s, "550"},
        {"by the policy", late, "a: b\r\n\r\nx\r\n", "554"},
    };
    for (const auto& [what, envelope, content, code] : refusals) {
        CAPTURE(what);
        const auto chunk = "BDAT " + std::to_string(content.size()) + " LAST\r\n" + content;
        for (const bool chunked : {false, true}) {
            CAPTURE(chunked);
            auto client = server.connect();
            client.send(envelope);
            CHECK(codes(client) == "250 250 ");
            if (!chunked) CHECK(client.say("DATA").starts_with("354"));
            client.send(chunked ? chunk : content + ".\r\n");
            CHECK(codes(client) == code + ' ');
            client.send("RCPT TO:<c@d.example>\r\nDATA\r\n");
            CHECK(codes(client) == "503 503 ");
            client.send("BDAT 5 LAST\r\nQUIT\n");  // the chunk is no command
            CHECK(codes(client) == "503 ");

            client.send(
                "MAIL FROM:<new@b.example>\r\nRCPT TO:<new@d.example>\r\nBDAT 2 LAST\r\n\r\n"
            );
            CHECK(codes(client) == "250 250 250 ");
            const auto taken = server.policy->all().back();
            CHECK(taken.transaction.mail.from.wire() == "new@b.example");
            REQUIRE(taken.transaction.recipients.size() == 1);
            CHECK(taken.transaction.recipients[0].address.wire() == "new@d.example");
            CHECK(taken.content == "\r\n");
        }
    }
    CHECK(server.settings->memory->used() == 0);
}

TEST_CASE("BDAT dialogues that others lost their way in") {
    Server server;
    const std::pair<std::string, std::string> dialogues[] = {
        // CVE-2017-16943, CVE-2017-16944: chunks without a transaction.
        {"BDAT 6 LAST\r\nQUIT\r\n", "503 "},
        {"BDAT 0\r\n", "503 "},
        {"RCPT TO:<c@d.example>\r\nBDAT 6 LAST\r\nQUIT\r\n", "503 503 "},
        {"MAIL FROM:<a@b.example>\r\nBDAT 6 LAST\r\nQUIT\r\n", "250 554 "},
        {"MAIL FROM:<a@b.example>\r\nRCPT TO:<refused@d.example>\r\nBDAT 6 LAST\r\nQUIT\r\n",
         "250 550 554 "},
        // A size that is none, or a line that is not read: what follows could be anything.
        {mail_and_rcpt + "BDAT -1\r\nNOOP\r\n", "250 250 501 end"},
        {mail_and_rcpt + "BDAT 5 LAST x\r\nNOOP\r\n", "250 250 501 end"},
        {mail_and_rcpt + "BDAT 5\nNOOP\r\n", "250 250 500 end"},
        {mail_and_rcpt + "BDAT " + std::string(600, '0') + "5 LAST\r\nNOOP\r\n", "250 250 500 end"},
        {mail_and_rcpt + "BDAT " + std::string(30'000, '0') + "5 LAST\r\nNOOP\r\n",
         "250 250 500 end"},
        {mail_and_rcpt + "BDAT 9223372036854775807\r\nNOOP\r\n", "250 250 552 end"},
        // The end of one message is not the beginning of another.
        {mail_and_rcpt + "BDAT 2 LAST\r\n\r\nBDAT 2 LAST\r\n\r\n", "250 250 250 503 "},
        {mail_and_rcpt + "BDAT 1\r\nxMAIL FROM:<e@b.example>\r\nEHLO x\r\nBDAT 1 LAST\r\nx",
         "250 250 250 503 250 503 "},
        {mail_and_rcpt + "bdat 6\r\nNOOP\r\nBDAT 0\r\nBDAT 0 LAST\r\n", "250 250 250 250 250 "},
    };
    for (const auto& [said, expected] : dialogues) {
        CAPTURE(said.substr(0, 150));
        CHECK(answers(server, said) == expected);
    }
    CHECK(server.settings->memory->used() == 0);
    CHECK(server.policy->all().size() == 2);
}

TEST_CASE("TLS that ends amid a chunk ends the session (CVE-2026-45185)") {
    Server server(with_tls());
    auto client = server.connect();
    CHECK(client.say("STARTTLS").starts_with("220"));
    client.start_tls();
    client.say("EHLO x");
    client.send(mail_and_rcpt + "BDAT 100 LAST\r\nhalf");
    CHECK(code_of(client.reply()) == "250");
    CHECK(code_of(client.reply()) == "250");
    client.leave_tls();
    client.send("\n" + std::string(100, 'x') + "\r\nNOOP\r\n");
    // Whatever the server may still say by TLS, it is no reply to what came in clear.
    CHECK(client.reply().find("250") == std::string::npos);
    CHECK(server.policy->all().empty());
    CHECK(server.connect().say("NOOP").starts_with("250"));
}

TEST_CASE("SIZE is a number of octets, and holds to the octet") {
    ServerSettings settings;
    settings.content.max_size = 1000;
    Server server(settings);
    const std::pair<const char*, const char*> table[] = {
        {"SIZE=0", "250 "},  // RFC 1870 section 6: nothing is known, or nothing is in it
        {"SIZE=1", "250 "},
        {"SIZE=00000000000000000999", "250 "},
        {"SIZE=1000", "250 "},
        {"SIZE=1001", "552 "},
        {"SIZE=18446744073709551615", "552 "},
        {"SIZE=18446744073709551616", "501 "},
        {"SIZE=99999999999999999999", "501 "},
        {"SIZE=-1", "501 "},
        {"SIZE=1e3", "501 "},
        {"SIZE=", "501 "},
        {"SIZE", "501 "},
        {"SIZE=10 SIZE=10", "501 "},
    };
    for (const auto& [parameter, expected] : table) {
        CAPTURE(parameter);
        CHECK(answers(server, "MAIL FROM:<a@b.example> "s + parameter + "\r\n") == expected);
    }
    // What was announced binds nobody: the content counts.
    for (const auto& [octets, expected] : {std::pair{1000, "250 "}, {1001, "552 "}}) {
        auto client = server.connect();
        client.send("MAIL FROM:<a@b.example> SIZE=0\r\nRCPT TO:<c@d.example>\r\n");
        CHECK(codes(client) == "250 250 ");
        client.say("DATA");
        client.send(std::string(static_cast<std::size_t>(octets) - 2, 'x') + "\r\n.\r\n");
        CHECK(codes(client) == expected);
    }
}

TEST_CASE("recipients without end take no memory and come to an end (CVE-2020-28017)") {
    Server server;
    auto client = server.connect();
    CHECK(client.say("MAIL FROM:<a@b.example>").starts_with("250"));
    std::string group;
    for (int i = 0; i < 1000; ++i)
        group += "RCPT TO:<c@d.example>\r\n";
    std::size_t taken = 0, put_off = 0, said = 0;
    std::string reply = "some";
    for (; said < 100'000 && !reply.empty(); said += 1000) {
        client.send(group);
        for (int i = 0; i < 1000 && !reply.empty(); ++i) {
            reply = client.reply();
            taken += reply.starts_with("250 2.1.5");
            put_off += reply.starts_with("452 4.5.3");
        }
    }
    CHECK(taken == 1000);
    // A list of some ten times the limit is still borne, so that the first thousand get their mail.
    CHECK(put_off > 9000);
    CHECK(said < 20'000);
}

TEST_CASE("who is too slow is told so, wherever the session stands") {
    auto settings = with_tls();
    settings.idle_timeout = seconds(1);
    settings.content_timeout = seconds(2);
    Server server(settings);
    const std::string farewell = "421 4.4.2 ";
    SUBCASE("silence") {
        const std::pair<std::string, int> places[] = {
            {"", 0},
            {"MAIL FROM:<a@b.example>\r\n", 1},
            {"MAIL FROM:<a@", 0},
            {"AUTH SCRAM-SHA-256\r\n", 1},
            {mail_and_rcpt + "DATA\r\n", 3},
            {mail_and_rcpt + "BDAT 100 LAST\r\nx", 2},
        };
        for (const auto& [said, replies] : places) {
            CAPTURE(said);
            auto client = server.connect();
            client.send(said);
            for (int i = 0; i < replies; ++i)
                client.reply();
            CHECK(client.reply().starts_with(farewell));
            CHECK(client.at_end());
        }
    }
    SUBCASE("silence by TLS") {
        auto client = server.connect();
        client.say("STARTTLS");
        client.start_tls();
        client.say("EHLO x");
        CHECK(client.reply().starts_with(farewell));
        CHECK(client.at_end());
    }
    SUBCASE("silence where a handshake is due: nothing can be said") {
        auto client = server.connect();
        CHECK(client.say("STARTTLS").starts_with("220"));
        CHECK(client.at_end());
    }
    // One octet each 200 ms, which a limit for each octet would let pass for hours.
    const auto drip = [](BlockingSmtpClient& client, const std::string& octet) {
        int sent = 0;
        for (; sent < 200 && client.socket().available() == 0; ++sent) {
            client.send(octet);
            std::this_thread::sleep_for(std::chrono::milliseconds(200));
        }
        return sent;
    };
    SUBCASE("a command that drips") {
        auto client = server.connect();
        CHECK(drip(client, "x") < 100);
        CHECK(client.reply().starts_with(farewell));
    }
    SUBCASE("content that drips") {
        auto client = server.connect();
        client.send(mail_and_rcpt);
        CHECK(codes(client) == "250 250 ");
        client.say("DATA");
        CHECK(drip(client, "x\r\n") < 100);
        CHECK(client.reply().starts_with(farewell));
    }
    CHECK(server.policy->all().empty());
}

TEST_CASE("a bare line feed within AUTH ends the session as it does elsewhere") {
    Server server(with_tls());
    auto client = server.connect();
    CHECK(client.say("AUTH SCRAM-SHA-256").starts_with("334"));
    client.send("biwsbj11c2VyLHI9YWJj\nNOOP\r\n");
    CHECK(codes(client) == "500 end");
}

TEST_CASE("no octet in an envelope makes a second line, recipient or sender") {
    const std::string injected[] = {
        "\r",
        "\n",
        "\r\n",
        "\0"s,
        "\xe5\x98\x8a\xc4\x8d",  // U+560A U+010D: LF and CR when cut to an octet each
        "\x85",
        "\xc2\x85",
        "\xe2\x80\xa8",
        "%0d%0a",
        "+0D+0A",
        "\\\r\n",
    };
    const std::string rcpt = "RCPT TO:<c@d.example>\r\n",
                      mail = "MAIL FROM:<a@b.example> SMTPUTF8\r\n";
    const std::string fields[] = {
        "EHLO x{}\r\n" + mail + rcpt,
        "MAIL FROM:<a{}RCPT TO:<evil@d.example>\r\n" + rcpt,
        "MAIL FROM:<a{}b@b.example> SMTPUTF8\r\n" + rcpt,
        "MAIL FROM:<\"a{}b\"@b.example> SMTPUTF8\r\n" + rcpt,
        "MAIL FROM:<a@b{}.example> SMTPUTF8\r\n" + rcpt,
        "MAIL FROM:<a@b.example> ENVID=a{}b SMTPUTF8\r\n" + rcpt,
        "MAIL FROM:<a@b.example> AUTH=a{}b SMTPUTF8\r\n" + rcpt,
        mail + "RCPT TO:<c{}x@d.example>\r\n",
        mail + "RCPT TO:<\"c{}x\"@d.example>\r\n",
        mail + "RCPT TO:<c@d.example{}>\r\n",
        mail + "RCPT TO:<c@d.example> ORCPT=rfc822;a{}b@d.example\r\n",
        mail + "RCPT TO:<c@d.example> NOTIFY=NEVER{}\r\n",
    };
    Server server;
    for (const auto& field : fields) {
        for (const auto& octets : injected) {
            std::string said = field;
            said.replace(said.find("{}"), 2, octets);
            CAPTURE(said);
            auto client = server.connect();
            client.send(said);
            const bool here_still = codes(client).find("end") == std::string::npos;
            if (here_still && client.say("DATA").starts_with("354")) client.say("x\r\n.");
        }
    }
    const auto all = server.policy->all();
    CHECK(all.size() > 20);  // U+560A is a letter, and '%' is one too
    for (const auto& [client, transaction, content] : all) {
        REQUIRE(transaction.recipients.size() == 1);
        const auto& to = transaction.recipients[0];
        for (const auto& text :
             {client.helo, transaction.mail.from.wire(), transaction.mail.envid, to.address.wire(),
              to.orcpt}) {
            CAPTURE(text);
            CHECK(is_clean_utf8(text));
            CHECK(text.find("evil") == std::string::npos);
        }
    }
}

TEST_CASE("what stands behind a command that ends its group is not obeyed") {
    Server server(with_tls());
    CHECK(answers(server, mail_and_rcpt + "QUIT\r\nDATA\r\nx\r\n.\r\n") == "250 250 221 end");
    CHECK(answers(server, "AUTH SCRAM-SHA-256\r\n*\r\nMAIL FROM:<a@b.example>\r\n") == "503 end");
    CHECK(answers(server, mail_and_rcpt + "DATA\r\nQUIT\r\n.\r\n") == "250 250 503 end");
    CHECK(server.policy->all().empty());
}

TEST_CASE("release times: the past is now, and no number turns round") {
    Server server;
    const std::pair<std::string, std::string> table[] = {
        {"HOLDUNTIL=1970-01-01T00:00:00Z", "250 "},
        {"HOLDUNTIL=0001-01-01T00:00:00Z", "501 "},  // beyond what the clock can count
        {"HOLDUNTIL=9999-12-31T23:59:59Z", "501 "},
        {"HOLDUNTIL=10000-01-01T00:00:00Z", "501 "},
        {"HOLDUNTIL=1800000000", "501 "},
        {"HOLDFOR=0", "250 "},
        {"HOLDFOR=-1", "501 "},
        {"HOLDFOR=2147483648", "501 "},
        {"HOLDFOR=18446744073709551615", "501 "},
        {"HOLDFOR=18446744073709551617", "501 "},
    };
    for (const auto& [parameter, expected] : table) {
        CAPTURE(parameter);
        CHECK(answers(server, "MAIL FROM:<a@b.example> " + parameter + "\r\n") == expected);
    }
}

TEST_CASE("no TLS session is carried from one listener to another") {
    auto settings = with_tls();
    settings.implicit_tls = true;
    Server one(settings), other(settings);
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
        CAPTURE(version);
        BlockingSmtpClient first(one.listener->port());
        SSL_set_max_proto_version(first.tls_handle(), version);
        first.start_tls();
        first.reply();
        first.say("EHLO x");  // by now a ticket would have come
        const std::unique_ptr<SSL_SESSION, void (*)(SSL_SESSION*)> session(
            SSL_get1_session(first.tls_handle()), SSL_SESSION_free
        );
        for (auto* server : {&one, &other}) {
            BlockingSmtpClient second(server->listener->port());
            SSL_set_max_proto_version(second.tls_handle(), version);
            SSL_set_session(second.tls_handle(), session.get());
            second.start_tls();
            CHECK(SSL_session_reused(second.tls_handle()) == 0);
            CHECK(second.reply().starts_with("220"));
        }
    }
}
