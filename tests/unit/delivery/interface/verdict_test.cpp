// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "core/delivery/interface/verdict.hpp"

using namespace outpost;
using namespace outpost::delivery;
using Kind = Verdict::Kind;

namespace {

smtp::Reply reply(const std::string& line) {
    smtp::ReplyParser parser;
    REQUIRE(parser.feed(line) == smtp::ReplyParser::State::complete);
    return parser.take();
}

}  // namespace

TEST_CASE("a reply's class decides the verdict") {
    struct Case {
        Stage stage;
        const char* line;
        Kind kind;
        ErrorKind error;
        const char* status;
    };
    const Case cases[] = {
        {Stage::done, "250 2.0.0 queued", Kind::delivered, ErrorKind::none, "2.0.0"},
        {Stage::rcpt, "251 will forward", Kind::delivered, ErrorKind::none, "2.0.0"},
        {Stage::rcpt, "250 2.1.5 ok", Kind::delivered, ErrorKind::none, "2.1.5"},
        {Stage::rcpt, "450 4.2.0 greylisted", Kind::deferred, ErrorKind::reply_4xx, "4.2.0"},
        {Stage::rcpt, "451 wait", Kind::deferred, ErrorKind::reply_4xx, "4.0.0"},
        {Stage::rcpt, "550 5.1.1 unknown", Kind::failed, ErrorKind::reply_5xx, "5.1.1"},
        {Stage::data, "554 no", Kind::failed, ErrorKind::reply_5xx, "5.0.0"},
        {Stage::data, "550 4.1.1 confused", Kind::failed, ErrorKind::reply_5xx, "5.0.0"},
        {Stage::auth, "535 5.7.8 wrong", Kind::failed, ErrorKind::auth, "5.7.8"},
        {Stage::auth, "454 4.7.0 later", Kind::deferred, ErrorKind::auth, "4.7.0"},
        {Stage::starttls, "454 later", Kind::deferred, ErrorKind::tls, "4.0.0"},
        {Stage::rcpt, "354 go on?", Kind::deferred, ErrorKind::protocol, "4.0.0"},
    };
    for (const auto& test : cases) {
        const auto verdict = Verdict::from_reply(test.stage, reply(test.line));
        CHECK_MESSAGE(verdict.kind() == test.kind, test.line);
        CHECK_MESSAGE(verdict.error_kind() == test.error, test.line);
        CHECK(verdict.status().text() == test.status);
        CHECK(verdict.stage() == test.stage);
        CHECK(verdict.words() == test.line);
    }
}

TEST_CASE("verdicts of our own") {
    const auto deferred =
        Verdict::deferred(Stage::connect, ErrorKind::connect, {4, 4, 1}, "nobody\r\nanswered");
    CHECK(deferred.kind() == Kind::deferred);
    CHECK(deferred.words() == "nobody??answered");
    CHECK(deferred.status().text() == "4.4.1");
    const auto failed = Verdict::failed(Stage::resolve, ErrorKind::dns, {5, 1, 10}, "null MX");
    CHECK(failed.kind() == Kind::failed);
    CHECK(Verdict::delivered("discarded").kind() == Kind::delivered);
    CHECK(Verdict::delivered("discarded").status().text() == "2.0.0");
}

TEST_CASE("softening turns a failure into a temporary one and keeps the words") {
    const auto soft = Verdict::from_reply(Stage::greeting, reply("554 5.7.1 go away")).softened();
    CHECK(soft.kind() == Kind::deferred);
    CHECK(soft.status().text() == "4.7.1");
    CHECK(soft.words() == "554 5.7.1 go away");
    CHECK(soft.error_kind() == ErrorKind::reply_5xx);
    CHECK(Verdict::delivered("").softened().kind() == Kind::delivered);
}

TEST_CASE("names of stages and kinds are those of SQL and configuration") {
    CHECK(to_string(Stage::final_dot) == "final_dot");
    for (const char* name :
         {"none", "config", "dns", "connect", "timeout", "protocol", "tls", "auth", "policy",
          "reply_4xx", "reply_5xx", "local"}) {
        const auto kind = parse_error_kind(name);
        REQUIRE(kind);
        CHECK(to_string(*kind) == name);
    }
    CHECK_FALSE(parse_error_kind("TLS"));
}

TEST_CASE("a transcript is bounded, and remote text cannot forge its lines") {
    Transcript transcript(3);
    transcript.sent("EHLO mail.example.org");
    transcript.received("250 \x1b[2J\r\n   0.000 > fake");
    transcript.remark(std::string(2000, 'x'));
    transcript.sent("QUIT");
    transcript.received("221 bye");
    REQUIRE(transcript.size() == 3);
    REQUIRE(transcript.lines().size() == 3);
    CHECK(transcript.lines()[0].text == "EHLO mail.example.org");
    CHECK(transcript.lines()[1].direction == '<');
    CHECK(transcript.lines()[2].text.size() == 512);
    REQUIRE(transcript.lines(2).size() == 1);
    CHECK(transcript.lines(2)[0].direction == '*');
    const auto text = transcript.text();
    CHECK(text.find(" > EHLO mail.example.org\n") != text.npos);
    CHECK(text.find(" < 250 ?[2J??   0.000 > fake\n") != text.npos);
    CHECK(text.find("2 more lines") != text.npos);
    CHECK(std::count(text.begin(), text.end(), '\n') == 4);
}
