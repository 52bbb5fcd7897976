// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "core/mail/smtp/command_format.hpp"

using namespace outpost;
using namespace outpost::smtp;
using namespace std::string_literals;

namespace {

mail::Address address(const std::string& text) {
    return *mail::Address::parse(text);
}

}  // namespace

TEST_CASE("MAIL says what it is told, in the order of the RFCs") {
    CHECK(mail_command({}, {}) == "MAIL FROM:<>");
    CHECK(mail_command(address("a@example.test"), {}) == "MAIL FROM:<a@example.test>");
    MailParameters all;
    all.size = 0;
    all.body_8bitmime = all.smtputf8 = all.requiretls = true;
    all.ret = Ret::headers;
    all.envid = "a+b=c d";
    CHECK(
        mail_command(address("a@example.test"), all) ==
        "MAIL FROM:<a@example.test> SIZE=0 BODY=8BITMIME SMTPUTF8 REQUIRETLS RET=HDRS "
        "ENVID=a+2Bb+3Dc+20d"
    );
}

TEST_CASE("RCPT with what is to be reported") {
    CHECK(rcpt_command(address("a@example.test"), {}) == "RCPT TO:<a@example.test>");
    RcptParameters reported;
    reported.notify = *Notify::parse("SUCCESS,FAILURE");
    reported.orcpt = "rfc822;b c+d@example.test";
    CHECK(
        rcpt_command(address("a@example.test"), reported) ==
        "RCPT TO:<a@example.test> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;b+20c+2Bd@example.test"
    );
    reported.orcpt = "no type";
    CHECK(
        rcpt_command(address("a@example.test"), reported) ==
        "RCPT TO:<a@example.test> NOTIFY=SUCCESS,FAILURE"
    );
}

TEST_CASE("addresses are written as the peer can read them") {
    CHECK(rcpt_command(address("\"a b\"@example.test"), {}) == "RCPT TO:<\"a b\"@example.test>");
    CHECK(rcpt_command(address("a@[IPv6:2001:db8::1]"), {}) == "RCPT TO:<a@[IPv6:2001:db8::1]>");
    const auto international = address(
        "j\xc3\xb6rg@b\xc3\xbc"
        "cher.test"
    );
    RcptParameters utf8;
    utf8.smtputf8 = true;
    CHECK(
        rcpt_command(international, utf8) ==
        "RCPT TO:<j\xc3\xb6rg@b\xc3\xbc"
        "cher.test>"
    );
    CHECK(
        rcpt_command(
            address("a@b\xc3\xbc"
                    "cher.test"),
            {}
        ) == "RCPT TO:<a@xn--bcher-kva.test>"
    );
}

TEST_CASE("nothing in a parameter can end the line or begin another parameter") {
    for (const std::string& evil :
         {"a\r\nRCPT TO:<x@y>"s, "a\nb"s, "a\rb"s, "a\0b"s, "a NOTIFY=NEVER"s, "a\x7f"s,
          "a\xc2\x85"
          "b"s,
          "a\xe5\x98\x8a"
          "b"s,
          "\xc0\x8a"s}) {
        CAPTURE(evil);
        MailParameters mail;
        mail.envid = evil;
        RcptParameters rcpt;
        rcpt.orcpt = "rfc822;" + evil;
        for (const std::string& line :
             {mail_command({}, mail), rcpt_command(address("a@b.test"), rcpt)}) {
            for (const unsigned char c : line)
                CHECK((c >= 0x20 && c < 0x7f));
            CHECK(
                line.find("NOTIFY") ==
                (line.find("+20NOTIFY") == line.npos ? line.npos : line.find("+20NOTIFY") + 3)
            );
        }
    }
}

// The address type of ORCPT is not encoded: it comes from our own parser, which takes atoms only.
// Should one come otherwise, Chat refuses the line.
