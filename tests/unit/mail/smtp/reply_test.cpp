// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "core/mail/smtp/reply.hpp"

using namespace outpost::smtp;
using State = ReplyParser::State;

namespace {

/// Feeds all lines, of which all but the last must leave the reply open.
Reply parse(const std::vector<std::string>& lines) {
    ReplyParser parser;
    for (std::size_t i = 0; i < lines.size(); ++i) {
        REQUIRE(
            parser.feed(lines[i]) == (i + 1 < lines.size() ? State::need_more : State::complete)
        );
    }
    return parser.take();
}

}  // namespace

TEST_CASE("replies are assembled, and the enhanced code is taken off the text") {
    struct Case {
        std::vector<std::string> lines;
        int code;
        const char* enhanced;
        const char* text;
    };
    const Case cases[] = {
        {{"250 OK"}, 250, "", "250 OK"},
        {{"250"}, 250, "", "250"},
        {{"250 "}, 250, "", "250"},
        {{"250-", "250 end"}, 250, "", "250 end"},
        {{"550 5.1.1 no such user"}, 550, "5.1.1", "550 5.1.1 no such user"},
        {{"550-5.1.1 no such user", "550 5.1.1 really not"},
         550,
         "5.1.1",
         "550 5.1.1 no such user / really not"},
        {{"550-first", "550 5.7.1 second"}, 550, "5.7.1", "550 5.7.1 first / second"},
        {{"550-5.7.1 first", "550 5.7.2 second"}, 550, "5.7.1", "550 5.7.1 first / 5.7.2 second"},
        {{"550 5.7.2"}, 550, "5.7.2", "550 5.7.2"},
        {{"550 5.7.2 "}, 550, "5.7.2", "550 5.7.2"},
        {{"550 5.7."}, 550, "", "550 5.7."},
        {{"550 5"}, 550, "", "550 5"},
        {{"550 4.7.2 another class"}, 550, "", "550 4.7.2 another class"},
        {{"354 3.0.0 no such class"}, 354, "", "354 3.0.0 no such class"},
        {{"220 2.0.0.1 ESMTP"}, 220, "", "220 2.0.0.1 ESMTP"},
        {{"250 2.1234.5 long"}, 250, "", "250 2.1234.5 long"},
        {{"451 4.7.650 busy"}, 451, "4.7.650", "451 4.7.650 busy"},
        {{"550 \x1b[2J %s%n \xc0\x27"}, 550, "", "550 ?[2J %s%n ?'"},
    };
    for (const auto& test : cases) {
        const auto reply = parse(test.lines);
        CHECK(reply.code == test.code);
        CHECK((reply.enhanced ? reply.enhanced->text() : "") == test.enhanced);
        CHECK(reply.text() == test.text);
        CHECK(reply.lines.size() == test.lines.size());
    }
}

TEST_CASE("what is no reply is malformed") {
    for (const std::string& bad :
         {std::string(), std::string("2"), std::string("25"), std::string("2500 x"),
          std::string("250\tx"), std::string("250_x"), std::string("150 x"), std::string("650 x"),
          std::string("2x0 ok"), std::string(" 250 ok"), std::string("HTTP/1.1 400"),
          std::string("250\0x", 5), std::string("-50 x")}) {
        ReplyParser parser;
        CHECK_MESSAGE(parser.feed(bad) == State::malformed, bad);
        CHECK_FALSE(parser.error().empty());
    }
    ReplyParser parser;
    CHECK(parser.feed("250-a") == State::need_more);
    CHECK(parser.feed("251 b") == State::malformed);
}

TEST_CASE("a reply is bounded in lines and octets") {
    ReplyParser many;
    for (int i = 0; i < 128; ++i)
        REQUIRE(many.feed("220-x") == State::need_more);
    CHECK(many.feed("220-x") == State::malformed);

    ReplyParser large;
    const std::string line = "220-" + std::string(2000, 'x');
    int accepted = 0;
    while (large.feed(line) == State::need_more)
        ++accepted;
    CHECK(accepted == 64 * 1024 / 2004);
}

TEST_CASE("no reply remembers the one before, whether that was taken, left or malformed") {
    ReplyParser parser;
    REQUIRE(parser.feed("550 5.7.1 refused") == State::complete);
    CHECK(parser.take().enhanced == EnhancedStatus{5, 7, 1});
    REQUIRE(parser.feed("550 refused") == State::complete);
    CHECK_FALSE(parser.take().enhanced);

    REQUIRE(parser.feed("550 5.7.1 left") == State::complete);
    REQUIRE(parser.feed("250 ok") == State::complete);
    const auto second = parser.take();
    CHECK(second.code == 250);
    CHECK_FALSE(second.enhanced);
    CHECK(second.lines == std::vector<std::string>{"ok"});

    REQUIRE(parser.feed("450-4.7.1 wait") == State::need_more);
    REQUIRE(parser.feed("nonsense") == State::malformed);
    REQUIRE(parser.feed("250 ok") == State::complete);
    CHECK(parser.error().empty());
    CHECK(parser.take().text() == "250 ok");
}

TEST_CASE("enhanced codes by themselves") {
    CHECK(EnhancedStatus::parse("5.7.2") == EnhancedStatus{5, 7, 2});
    for (const char* bad :
         {"", ".", "5", "5.7", "5.7.", "5.7.2 ", "3.1.1", "5.7.2.1", "5.7.1234", "5..1", "a.b.c"}) {
        CHECK_MESSAGE(!EnhancedStatus::parse(bad), bad);
    }
}
