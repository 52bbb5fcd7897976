// SPDX-License-Identifier: Apache-2.0
// The client's side of one connection, with servers that do not behave.
#include <doctest/doctest.h>

#include <system_error>

#include "core/mail/smtp/chat.hpp"
#include "core/net/sockets/tcp_stream.hpp"
#include "tests/support/run.hpp"
#include "tests/support/scripted_server.hpp"

using namespace outpost;
using namespace outpost::test;
using namespace std::string_literals;
using Then = Step::Then;

namespace {

constexpr std::chrono::seconds second{1};

/// A chat with a scripted server, in the test's own thread.
struct Talk {
    asio::io_context loop;
    std::string shown;  ///< what the observer saw
    std::unique_ptr<smtp::Chat> chat;

    explicit Talk(const ScriptedServer& server) {
        const auto dialer = net::make_direct_dialer(tls::make_client_context({}));
        const net::Endpoint endpoint{asio::ip::make_address("127.0.0.1"), server.port()};
        auto stream = run(loop, dialer->dial(endpoint, Deadline::in(5 * second)));
        chat = std::make_unique<smtp::Chat>(
            std::move(stream), Deadline::in(20 * second),
            [this](char direction, std::string_view line) {
                shown += direction + std::string(line) + "\n";
            }
        );
    }
    smtp::Reply reply(std::chrono::seconds timeout = 5 * second) {
        return run(loop, chat->read_reply(timeout));
    }
    smtp::Reply ask(const std::string& line, const std::string& instead = {}) {
        return run(loop, chat->ask(line, 5 * second, instead));
    }
};

/// How reading the first reply ends: its text, "nonsense", "lost" or "late".
std::string first_reply(const std::string& octets, Then then) {
    ScriptedServer server({{{"EHLO", octets, then}}}
    );  // not before EHLO: a reset could come amid connecting
    Talk talk(server);
    try {
        run(talk.loop, talk.chat->send("EHLO x", second));
        return talk.reply(second).text();
    } catch (const smtp::ProtocolError&) {
        return "nonsense";
    } catch (const std::system_error& error) {
        return error.code() == std::errc::timed_out ? "late" : "lost";
    }
}

std::string repeated(const std::string& text, int times) {
    std::string all;
    for (int i = 0; i < times; ++i)
        all += text;
    return all;
}

}  // namespace

TEST_CASE("replies, good and hostile") {
    struct Case {
        const char* what;
        std::string octets;
        Then then;
        const char* ending;
    };
    const Case cases[] = {
        {"a reply", "220 hello\r\n", Then::stall, "220 hello"},
        {"several lines", "220-hello\r\n220 there\r\n", Then::stall, "220 hello / there"},
        {"only the first of two", "220 one\r\n250 two\r\n", Then::stall, "220 one"},
        {"nothing, and the end", "", Then::hang_up, "lost"},
        {"half a line, and the end", "220 hel", Then::hang_up, "lost"},
        {"half a reply, and the end", "220-hello\r\n", Then::hang_up, "lost"},
        {"a reset", "", Then::reset, "lost"},
        {"silence", "", Then::stall, "late"},
        {"silence behind half a reply", "220-hello\r\n", Then::stall, "late"},
        {"codes that differ", "220-hello\r\n250 there\r\n", Then::stall, "nonsense"},
        {"a bare LF", "220 hello\n220 there\r\n", Then::stall, "nonsense"},
        {"a bare CR", "220 hello\r220 there\r\n", Then::stall, "nonsense"},
        {"CR CR LF", "220 hello\r\r\n", Then::stall, "nonsense"},
        {"a line of 3000", "220 " + std::string(3000, 'x') + "\r\n", Then::stall, "nonsense"},
        {"a line of a megabyte without end", std::string(1 << 20, '2'), Then::stall,
         "nonsense or lost"},
        {"lines without end", repeated("220-x\r\n", 100000), Then::stall, "nonsense"},
        {"HTTP", "HTTP/1.1 200 OK\r\n\r\n", Then::stall, "nonsense"},
        {"no code", "hello\r\n", Then::stall, "nonsense"},
        {"an empty line", "\r\n", Then::stall, "nonsense"},
        {"a code of one digit", "2 x\r\n", Then::stall, "nonsense"},
        {"a code of class 6", "620 x\r\n", Then::stall, "nonsense"},
        {"a NUL in the text", "220 a\0b\r\n"s, Then::stall, "220 a?b"},
        {"a NUL in the code", "22\0 b\r\n"s, Then::stall, "nonsense"},
    };
    for (const Case& test : cases) {
        CAPTURE(test.what);
        const std::string ending = first_reply(test.octets, test.then);
        if (test.ending == "nonsense or lost"s)
            CHECK((ending == "nonsense" || ending == "lost"));
        else
            CHECK(ending == test.ending);
    }
}

TEST_CASE("the time limit is for the whole reply: dripping lines win nothing") {
    // One line each 300 ms, for longer than the limit.
    Script drip;
    for (int i = 0; i < 200; ++i)
        drip.push_back({"", "220-x\r\n", Then::go_on, std::chrono::milliseconds(300)});
    ScriptedServer server({drip});
    Talk talk(server);
    const auto begin = std::chrono::steady_clock::now();
    CHECK_THROWS_AS(talk.reply(second), std::system_error);
    const auto taken = std::chrono::steady_clock::now() - begin;
    CHECK(taken >= std::chrono::milliseconds(900));
    CHECK(taken < 20 * second);  // the lines last for a minute
}

TEST_CASE("a command line with CR, LF or NUL is never sent") {
    ScriptedServer server({{{"NOOP", "250 ok\r\n"}}});
    {
        Talk talk(server);
        for (const std::string& line :
             {"EHLO a\r\nMAIL FROM:<x@y>"s, "a\r"s, "a\n"s, "\n"s, "a\0b"s, "a\0"s}) {
            CHECK_THROWS_AS(talk.ask(line), std::invalid_argument);
            CHECK_THROWS_AS(talk.chat->queue(line), std::invalid_argument);
        }
        CHECK(talk.shown.empty());
        CHECK(talk.ask("NOOP").code == 250);
    }
    CHECK(server.seen() == "NOOP\r\n");
}

TEST_CASE("the observer sees commands and replies, but not secrets") {
    ScriptedServer server({{{"AUTH PLAIN secret", "235 ok\r\n"}, {"NOOP", "250-a\r\n250 b\r\n"}}});
    Talk talk(server);
    talk.ask("AUTH PLAIN secret", "AUTH PLAIN ***");
    run(talk.loop, talk.chat->send_raw(talk.chat->queue("NOOP"), second));
    talk.reply();
    CHECK(talk.shown == ">AUTH PLAIN ***\n<235 ok\n>NOOP\n<250-a\n<250 b\n");
}

TEST_CASE("what stands behind the 220 to STARTTLS in clear ends the session (CVE-2021-38371)") {
    const TestCertificates certificates;
    for (const char* injected : {"250-injected\r\n250 SIZE 1\r\n", "x", "\r\n"}) {
        CAPTURE(injected);
        ScriptedServer server(
            {{{"STARTTLS", "220 go\r\n" + std::string(injected), Then::start_tls}}},
            {.certificates = certificates.directory()}
        );
        Talk talk(server);
        CHECK(talk.ask("STARTTLS").code == 220);
        const auto handshake = [&] {
            run(talk.loop, talk.chat->start_tls("mx.test", tls::TlsDemand{}, 5 * second));
        };
        CHECK_THROWS_AS(handshake(), smtp::ProtocolError);
        CHECK(talk.chat->stream().tls_facts() == nullptr);
    }
    ScriptedServer server(
        {{{"STARTTLS", "220 go\r\n", Then::start_tls}, {"EHLO", "250 safe\r\n"}}},
        {.certificates = certificates.directory()}
    );
    Talk talk(server);
    talk.ask("STARTTLS");
    run(talk.loop, talk.chat->start_tls("mx.test", tls::TlsDemand{}, 5 * second));
    CHECK(talk.chat->stream().tls_facts() != nullptr);
    CHECK(talk.ask("EHLO x").text() == "250 safe");
}
