// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <asio/read_until.hpp>

#include "core/net/tcp_stream.hpp"
#include "core/smtp/chat.hpp"
#include "core/smtp/command_format.hpp"
#include "tests/support/run.hpp"
#include "tests/support/socket_pair.hpp"

using namespace outpost;
using namespace outpost::smtp;

namespace {

mail::Address address(const char* text) {
    const auto parsed = mail::Address::parse(text);
    REQUIRE_MESSAGE(parsed, text);
    return *parsed;
}

}  // namespace

TEST_CASE("paths are written for the peer that reads them") {
    struct Case {
        const char* address;
        bool smtputf8;
        const char* line;
    };
    const Case cases[] = {
        {"a@b.test", false, "RCPT TO:<a@b.test>"},
        {"\"a b\"@b.test", false, "RCPT TO:<\"a b\"@b.test>"},
        {"\"<x>\\\"\"@b.test", false, "RCPT TO:<\"<x>\\\"\"@b.test>"},
        {"a@[192.0.2.1]", false, "RCPT TO:<a@[192.0.2.1]>"},
        {"a@[IPv6:2001:db8::1]", false, "RCPT TO:<a@[IPv6:2001:db8::1]>"},
        {"a@b\xc3\xbc" "cher.test", false, "RCPT TO:<a@xn--bcher-kva.test>"},
        {"a@b\xc3\xbc" "cher.test", true, "RCPT TO:<a@b\xc3\xbc" "cher.test>"},
    };
    for (const Case& test : cases) {
        RcptParameters parameters;
        parameters.smtputf8 = test.smtputf8;
        CHECK(rcpt_command(address(test.address), parameters) == test.line);
    }
    CHECK(mail_command({}, {}) == "MAIL FROM:<>");
}

TEST_CASE("line ends in DSN parameters are encoded, and never end the command") {
    MailParameters mail;
    mail.envid = "a\r\nRCPT TO:<x@y.test>";
    CHECK(mail_command({}, mail) == "MAIL FROM:<> ENVID=a+0D+0ARCPT+20TO:<x@y.test>");
    RcptParameters rcpt;
    rcpt.notify = "SUCCESS,FAILURE";
    rcpt.orcpt = "rfc822;a+b=c\r\n@b.test";
    CHECK(rcpt_command(address("a@b.test"), rcpt) == "RCPT TO:<a@b.test> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;a+2Bb+3Dc+0D+0A@b.test");
}

TEST_CASE("a line with CR, LF or NUL in it is not sent, from wherever it comes") {
    asio::io_context loop;
    auto [client, server] = test::socket_pair(loop);
    Chat chat(net::make_stream(std::move(client), nullptr), Deadline::in(std::chrono::seconds(5)), [](char, std::string_view) {});
    for (const std::string& line : {std::string("NOOP\r\nQUIT"), std::string("NOOP\n"), std::string("NOOP\r"), std::string("NO\0OP", 5)}) {
        CHECK_THROWS_AS(test::run(loop, chat.send(line, std::chrono::seconds(1))), std::invalid_argument);
        CHECK_THROWS_AS(chat.queue(line), std::invalid_argument);
    }
    test::run(loop, chat.send("NOOP", std::chrono::seconds(1)));
    std::string got;
    asio::read_until(server, asio::dynamic_buffer(got), "\r\n");
    CHECK(got == "NOOP\r\n");
}
