// SPDX-License-Identifier: Apache-2.0
#include "core/mail/smtp/command_parser.hpp"

#include <doctest/doctest.h>

#include "core/mail/smtp/server_reply.hpp"

using namespace outpost;
using namespace outpost::smtp;

namespace {

template <class T>
T accepted(std::string_view line) {
    const auto command = parse_command(line, "mx.example.org");
    CAPTURE(line);
    REQUIRE_MESSAGE(command.has_value(), (command ? "" : command.error().text()));
    REQUIRE(std::holds_alternative<T>(*command));
    return std::get<T>(*command);
}

/// "501 5.5.4": what a refused line is answered with; "ok" for one that is accepted.
std::string refusal(std::string_view line) {
    const auto command = parse_command(line, "mx.example.org");
    if (command) return "ok";
    const auto text = wire(command.error());
    return text.substr(0, text.find(' ', 4));
}

}  // namespace

TEST_CASE("each command is known in any case") {
    CHECK(accepted<Hello>("ehlo [192.0.2.1]").name == "[192.0.2.1]");
    CHECK(accepted<Hello>("EHLO a.example").extended);
    CHECK_FALSE(accepted<Hello>("HELO a.example").extended);
    accepted<Data>("DaTa");
    accepted<Data>("DATA  ");
    accepted<Reset>("RSET");
    accepted<Noop>("NOOP whatever you like");
    accepted<Quit>("QUIT");
    accepted<StartTls>("STARTTLS");
    accepted<Verify>("VRFY someone");
    accepted<Expand>("EXPN list");
    accepted<Help>("HELP MAIL");
    CHECK(accepted<Auth>("AUTH plain AGEAYg==").mechanism == "PLAIN");
    CHECK(accepted<Auth>("AUTH PLAIN AGEAYg==").initial == "AGEAYg==");
    CHECK(accepted<Auth>("AUTH EXTERNAL =").initial == "=");
    CHECK_FALSE(accepted<Auth>("AUTH LOGIN").initial);
    CHECK(accepted<Bdat>("BDAT 18446744073709551615").size == 18446744073709551615U);
    CHECK(accepted<Bdat>("bdat 0 last").last);
}

TEST_CASE("MAIL with its parameters") {
    const auto mail = accepted<MailFrom>(
        "MAIL FROM:<a@b.example> SIZE=12 BODY=8BITMIME SMTPUTF8 RET=HDRS ENVID=q+2B1 HOLDFOR=60 "
        "AUTH=<> REQUIRETLS"
    );
    CHECK(mail.from.wire() == "a@b.example");
    CHECK(mail.size == 12U);
    CHECK(mail.eightbit);
    CHECK(mail.smtputf8);
    CHECK(mail.require_tls);
    CHECK(mail.ret == Ret::headers);
    CHECK(mail.envid == "q+1");
    CHECK(std::get<std::chrono::seconds>(mail.release) == std::chrono::seconds(60));

    CHECK(accepted<MailFrom>("MAIL FROM:<>").from.is_null());
    CHECK(accepted<MailFrom>("mail from: <a@b.example>").from.wire() == "a@b.example");
    CHECK(accepted<MailFrom>("MAIL FROM:<@x,@y:a@b.example>").from.wire() == "a@b.example");
    CHECK(accepted<MailFrom>(R"(MAIL FROM:<"a> b"@b.example>)").from.local() == "a> b");
    CHECK(accepted<MailFrom>("MAIL FROM:<a@b.example> SIZE=0").size == 0U);
}

TEST_CASE("HOLDUNTIL is a date-time with its zone") {
    const auto at = [](std::string_view text) {
        return std::get<WallTime>(
            accepted<MailFrom>("MAIL FROM:<> HOLDUNTIL=" + std::string(text)).release
        );
    };
    const WallTime noon = WallTime(std::chrono::seconds(1'800'000'000));  // 2027-01-15T08:00:00Z
    CHECK(at("2027-01-15T08:00:00Z") == noon);
    CHECK(at("2027-01-15T10:00:00+02:00") == noon);
    CHECK(at("2027-01-15T06:30:00-01:30") == noon);
    for (const std::string bad :
         {"2027-02-30T08:00:00Z", "2027-01-15", "2027-01-15T08:00:00", "2027-01-15T24:00:00Z",
          "10000-01-15T08:00:00Z", "1800000000", "2027-01-15T08:00:00+25:00",
          "2027-01-15 08:00:00Z"}) {
        CAPTURE(bad);
        CHECK(refusal("MAIL FROM:<> HOLDUNTIL=" + bad) != "ok");
    }
}

TEST_CASE("RCPT with its parameters") {
    const auto rcpt =
        accepted<RcptTo>("RCPT TO:<u@b.example> NOTIFY=success,Delay ORCPT=rfc822;u+2Bx@b.example");
    CHECK(rcpt.recipient.address.wire() == "u@b.example");
    CHECK(rcpt.recipient.notify.to_string() == "SUCCESS,DELAY");
    CHECK(rcpt.recipient.orcpt == "rfc822;u+x@b.example");
    CHECK(
        accepted<RcptTo>("RCPT TO:<Postmaster>").recipient.address.wire() ==
        "Postmaster@mx.example.org"
    );
    CHECK(accepted<RcptTo>("RCPT TO:<ü@b.example>").has_eightbit);
    CHECK(
        accepted<RcptTo>("RCPT TO:<${run{id}}@b.example>").recipient.address.local() == "${run{id}}"
    );
}

TEST_CASE("what is wrong is answered with a fitting reply") {
    const std::pair<std::string, std::string> table[] = {
        {"", "500 5.5.1"},
        {"FOO", "500 5.5.1"},
        {"MAILFROM:<a@b.example>", "500 5.5.1"},
        {std::string("NOOP \0", 6), "501 5.5.2"},
        {"NOOP \x1b[2J", "501 5.5.2"},
        {"RCPT TO:<a\xc0\x27@b.example>", "501 5.5.2"},
        {"MAIL FROM:<a\xe2\x80\xa8x@b.example> SMTPUTF8", "501 5.5.2"},
        {"EHLO", "501 5.5.4"},
        {"EHLO a b", "501 5.5.4"},
        {"EHLO a\tb", "501 5.5.2"},
        {"DATA now", "501 5.5.4"},
        {"RSET all", "501 5.5.4"},
        {"QUIT now", "501 5.5.4"},
        {"STARTTLS now", "501 5.5.4"},
        {"MAIL", "501 5.5.2"},
        {"MAIL FROM:", "501 5.5.2"},
        {"MAIL FROM:a@b.example", "501 5.5.2"},
        {"MAIL FROM:<a@b.example", "501 5.5.2"},
        {"MAIL FROM:<a@b.example>SIZE=1", "501 5.5.2"},
        {"MAIL FROM:<a>", "553 5.1.7"},
        {"MAIL FROM:<a@b.example> SIZE=1 SIZE=1", "501 5.5.4"},
        {"MAIL FROM:<a@b.example> SIZE", "501 5.5.4"},
        {"MAIL FROM:<a@b.example> SIZE=", "501 5.5.4"},
        {"MAIL FROM:<a@b.example> SIZE=-1", "501 5.5.4"},
        {"MAIL FROM:<a@b.example> SIZE=+1", "501 5.5.4"},
        {"MAIL FROM:<a@b.example> SIZE=0x10", "501 5.5.4"},
        {"MAIL FROM:<a@b.example> SIZE=99999999999999999999", "501 5.5.4"},
        {"MAIL FROM:<a@b.example> SIZE=000000000000000000001", "501 5.5.4"},
        {"MAIL FROM:<a@b.example> BODY=BINARYMIME", "501 5.5.4"},
        {"MAIL FROM:<a@b.example> SMTPUTF8=1", "501 5.5.4"},
        {"MAIL FROM:<a@b.example> RET=ALL", "501 5.5.4"},
        {"MAIL FROM:<a@b.example> ENVID=a+0Ab", "501 5.5.4"},
        {"MAIL FROM:<a@b.example> ENVID=a+00b", "501 5.5.4"},
        {"MAIL FROM:<a@b.example> ENVID=" + std::string(101, 'a'), "501 5.5.4"},
        {"MAIL FROM:<a@b.example> HOLDFOR=1 HOLDUNTIL=2027-01-15T08:00:00Z", "501 5.5.4"},
        {"MAIL FROM:<a@b.example> HOLDFOR=99999999999", "501 5.5.4"},
        {"MAIL FROM:<a@b.example> AUTH=x", "501 5.5.4"},
        {"MAIL FROM:<a@b.example> FOO=1", "555 5.5.4"},
        {"MAIL FROM:<a@b.example> =1", "501 5.5.4"},
        {"MAIL FROM:<ü@b.example>", "553 5.6.7"},
        {"RCPT TO:<>", "501 5.1.3"},
        {"RCPT TO:<a@>", "553 5.1.3"},
        {"RCPT TO:<a@b.example> NOTIFY=NEVER,SUCCESS", "501 5.5.4"},
        {"RCPT TO:<a@b.example> NOTIFY=SUCCESS,SUCCESS", "501 5.5.4"},
        {"RCPT TO:<a@b.example> NOTIFY=", "501 5.5.4"},
        {"RCPT TO:<a@b.example> ORCPT=rfc822;a+0Ab", "501 5.5.4"},
        {"RCPT TO:<a@b.example> ORCPT=rfc822", "501 5.5.4"},
        {"RCPT TO:<a@b.example> ORCPT=;a", "501 5.5.4"},
        {"RCPT TO:<a@b.example> SIZE=1", "555 5.5.4"},
        {"BDAT", "501 5.5.4"},
        {"BDAT -1", "501 5.5.4"},
        {"BDAT 0x10", "501 5.5.4"},
        {"BDAT 18446744073709551616", "501 5.5.4"},
        {"BDAT 1 FIRST", "501 5.5.4"},
        {"AUTH", "501 5.5.4"},
        {"AUTH PLAIN a b", "501 5.5.2"},
        {"AUTH PL\xc3\xa4IN", "501 5.5.4"},
    };
    for (const auto& [line, reply] : table) {
        CAPTURE(line);
        CHECK(refusal(line) == reply);
    }
}

TEST_CASE("web requests are recognised") {
    for (const auto* line :
         {"GET / HTTP/1.1", "POST /x HTTP/1.0", "connect a:25 HTTP/1.1", "Host: mx.example.org",
          "PRI * HTTP/2.0"}) {
        accepted<HttpRequest>(line);
    }
}

TEST_CASE("BDAT lines are told from others, however malformed") {
    CHECK(is_bdat("bdat x"));
    CHECK(is_bdat("BDAT"));
    CHECK_FALSE(is_bdat("BDATA 1"));
    CHECK_FALSE(is_bdat("DATA"));
}
