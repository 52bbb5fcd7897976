// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "core/mail/smtp/extensions.hpp"

using namespace outpost::smtp;
using Names = std::vector<std::string>;

namespace {

Extensions announced(std::vector<std::string> lines) {
    Reply reply;
    reply.code = 250;
    reply.lines = std::move(lines);
    reply.lines.insert(reply.lines.begin(), "mx.test greets you");
    return parse_extensions(reply);
}

}  // namespace

TEST_CASE("keywords in any case, those that are unknown passed over") {
    const Extensions none = announced({});
    CHECK_FALSE(none.pipelining);
    CHECK_FALSE(none.starttls);
    CHECK(none.auth.empty());

    const Extensions all = announced(
        {"PIPELINING", "8bitmime", "SmtpUtf8", "CHUNKING", "DSN", "REQUIRETLS", "starttls",
         "XYZZY a b=c", "", " ", "ENHANCEDSTATUSCODES"}
    );
    CHECK(all.pipelining);
    CHECK(all.eightbitmime);
    CHECK(all.smtputf8);
    CHECK(all.chunking);
    CHECK(all.dsn);
    CHECK(all.requiretls);
    CHECK(all.starttls);
    CHECK_FALSE(all.size);
}

TEST_CASE("a keyword counts as a whole word, and not in the server's name") {
    CHECK_FALSE(announced({"PIPELININGX", "XDSN", "START TLS"}).pipelining);
    CHECK_FALSE(announced({"START TLS"}).starttls);
    Reply reply;
    reply.code = 250;
    reply.lines = {"PIPELINING"};
    CHECK_FALSE(parse_extensions(reply).pipelining);
    reply.lines = {};
    CHECK_FALSE(parse_extensions(reply).pipelining);
}

TEST_CASE("SIZE: a number, zero for no limit, or nothing that says one") {
    struct Case {
        const char* line;
        std::optional<std::uint64_t> limit;
    };
    const Case cases[] = {
        {"SIZE 1000", 1000},
        {"size 1", 1},
        {"SIZE  1000", 1000},
        {"SIZE 18446744073709551615", UINT64_MAX},
        {"SIZE", {}},
        {"SIZE 0", {}},
        {"SIZE 00", {}},
        {"SIZE -1", {}},
        {"SIZE +1", {}},
        {"SIZE 1k", {}},
        {"SIZE 0x10", {}},
        {"SIZE 9999999999999999999999", {}},
        {"SIZE 18446744073709551616", {}},
    };
    for (const Case& test : cases) {
        CAPTURE(test.line);
        const Extensions read = announced({test.line});
        CHECK(read.size);
        CHECK(read.max_size == test.limit);
    }
}

TEST_CASE("AUTH: mechanisms in upper case, each once, from both forms") {
    CHECK(announced({"AUTH PLAIN login"}).auth == Names{"PLAIN", "LOGIN"});
    CHECK(announced({"AUTH=PLAIN LOGIN"}).auth == Names{"PLAIN", "LOGIN"});
    CHECK(announced({"AUTH=LOGIN", "AUTH PLAIN LOGIN"}).auth == Names{"LOGIN", "PLAIN"});
    CHECK(announced({"auth=login"}).auth == Names{"LOGIN"});
    CHECK(
        announced({"AUTH SCRAM-SHA-256-PLUS SCRAM-SHA-256"}).auth ==
        Names{"SCRAM-SHA-256-PLUS", "SCRAM-SHA-256"}
    );
    for (const char* nothing : {"AUTH", "AUTH=", "AUTH ", "AUTHX PLAIN", "XAUTH PLAIN"}) {
        CAPTURE(nothing);
        CHECK(announced({nothing}).auth.empty());
    }
}

TEST_CASE("LIMITS counts as a whole or not at all (RFC 9422 section 4)") {
    const Extensions read =
        announced({"LIMITS RCPTMAX=20 mailmax=5 RCPTDOMAINMAX=1 XOTHER=7 YOTHER"});
    CHECK(read.rcpt_max == 20u);
    CHECK(read.mail_max == 5u);
    CHECK(read.rcpt_domain_max == 1u);
    CHECK(announced({"LIMITS RCPTMAX=999999"}).rcpt_max == 999999u);

    for (const char* wrong :
         {"RCPTMAX=0", "RCPTMAX=", "RCPTMAX", "RCPTMAX=-1", "RCPTMAX=+1", "RCPTMAX=1000000",
          "RCPTMAX=2x", "RCPTMAX=2 RCPTMAX=3", "RCPTMAX=99999999999999999999"}) {
        CAPTURE(wrong);
        const Extensions none = announced({"LIMITS MAILMAX=5 " + std::string(wrong)});
        CHECK_FALSE(none.rcpt_max);
        CHECK_FALSE(none.mail_max);
    }
    CHECK_FALSE(announced({"LIMITS"}).rcpt_max);
}
