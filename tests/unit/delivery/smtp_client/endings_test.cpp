// SPDX-License-Identifier: Apache-2.0
// What replies and exceptions that end a session mean.
#include "core/delivery/smtp_client/endings.hpp"

#include <doctest/doctest.h>

#include <system_error>

#include "core/mail/smtp/chat.hpp"
#include "core/net/sockets/tls_error.hpp"
#include "tests/support/delivery_job.hpp"

using namespace outpost;
using namespace outpost::delivery;

namespace {

smtp::Reply reply(const char* line) {
    smtp::ReplyParser parser;
    REQUIRE(parser.feed(line) == smtp::ReplyParser::State::complete);
    return parser.take();
}

template <class Error>
std::exception_ptr thrown(Error error) {
    return std::make_exception_ptr(std::move(error));
}

}  // namespace

TEST_CASE("a reply that speaks for the host never fails a recipient, and never delivers to one") {
    struct Case {
        Stage stage;
        const char* line;
        const char* verdict;
    };
    const Case cases[] = {
        {Stage::greeting, "421 4.3.2 busy", "deferred 4.3.2 greeting reply_4xx"},
        {Stage::greeting, "554 5.7.1 not you", "deferred 4.7.1 greeting reply_5xx"},
        {Stage::greeting, "554 no", "deferred 4.0.0 greeting reply_5xx"},
        {Stage::greeting, "250 hello", "deferred 4.5.0 greeting protocol"},
        {Stage::greeting, "354 hello", "deferred 4.5.0 greeting protocol"},
        {Stage::ehlo, "550 5.7.1 no", "deferred 4.7.1 ehlo reply_5xx"},
        {Stage::ehlo, "220 again", "deferred 4.5.0 ehlo protocol"},
    };
    for (const Case& test : cases)
        CHECK_MESSAGE(
            test::brief(host_verdict(test.stage, reply(test.line))) == test.verdict, test.line
        );
}

TEST_CASE("a refusal keeps its class; a success out of place is no success") {
    CHECK(
        test::brief(refusal(Stage::data, reply("554 5.6.0 no"))) == "failed 5.6.0 data reply_5xx"
    );
    CHECK(
        test::brief(refusal(Stage::data, reply("451 4.3.0 later"))) ==
        "deferred 4.3.0 data reply_4xx"
    );
    CHECK(
        test::brief(refusal(Stage::data, reply("250 2.0.0 ok"))) == "deferred 4.5.0 data protocol"
    );
}

TEST_CASE("a refused login defers, whatever its code") {
    for (const char* line : {"535 5.7.8 wrong", "454 4.7.0 later", "500 what?", "250 ok"}) {
        CHECK(test::brief(auth_verdict(reply(line))) == "deferred 4.7.8 auth auth");
    }
}

TEST_CASE("exceptions that end a session are temporary, and say where they came") {
    const auto lost = std::make_error_code(std::errc::connection_reset);
    const auto late = std::make_error_code(std::errc::timed_out);
    CHECK(
        test::brief(verdict_of(thrown(std::system_error(lost)), Stage::rcpt)) ==
        "deferred 4.4.2 rcpt connect"
    );
    CHECK(
        test::brief(verdict_of(thrown(std::system_error(late)), Stage::final_dot)) ==
        "deferred 4.4.2 final_dot timeout"
    );
    CHECK(
        test::brief(verdict_of(thrown(smtp::ProtocolError("?")), Stage::ehlo)) ==
        "deferred 4.5.0 ehlo protocol"
    );
    CHECK(
        test::brief(verdict_of(
            thrown(net::TlsError({tls::TlsFailure::Kind::handshake, "?", "", 0})), Stage::tls
        )) == "deferred 4.7.5 tls tls"
    );
    CHECK_THROWS_AS(verdict_of(thrown(std::logic_error("a bug")), Stage::mail), std::logic_error);
}
