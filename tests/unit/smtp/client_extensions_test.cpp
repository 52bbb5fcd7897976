// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "core/smtp/extensions.hpp"

using namespace outpost::smtp;

namespace {

Extensions announced(std::vector<std::string> lines) {
    Reply reply;
    reply.code = 250;
    reply.lines = std::move(lines);
    reply.lines.insert(reply.lines.begin(), "mx.test STARTTLS");  // the first line is a name, whatever it says
    return parse_extensions(reply);
}

}  // namespace

TEST_CASE("keywords are read in any case; the server's name and unknown ones are not") {
    const auto all = announced({"pipelining", "8BITMIME", "SmtpUtf8", "CHUNKING", "DSN", "REQUIRETLS", "XFOO bar", "", " "});
    CHECK(all.pipelining);
    CHECK(all.eightbitmime);
    CHECK(all.smtputf8);
    CHECK(all.chunking);
    CHECK(all.dsn);
    CHECK(all.requiretls);
    CHECK_FALSE(all.starttls);
    CHECK(announced({"STARTTLS"}).starttls);
    CHECK_FALSE(announced({"STARTTLSX"}).starttls);
    CHECK_FALSE(announced({}).pipelining);
}

TEST_CASE("SIZE: what is no number, and 0, is no limit") {
    struct Case {
        const char* line;
        std::optional<std::uint64_t> limit;
    };
    const Case cases[] = {
        {"SIZE", {}}, {"SIZE 0", {}}, {"SIZE 1000", 1000}, {"size  1000", 1000}, {"SIZE -1", {}}, {"SIZE 0x10", {}}, {"SIZE 10M", {}}, {"SIZE +5", {}},
        {"SIZE 18446744073709551615", UINT64_MAX}, {"SIZE 9999999999999999999999", {}},
    };
    for (const Case& test : cases) {
        CAPTURE(test.line);
        const auto extensions = announced({test.line});
        CHECK(extensions.size);
        CHECK(extensions.max_size == test.limit);
    }
}

TEST_CASE("AUTH in both forms, without repetitions") {
    using Names = std::vector<std::string>;
    CHECK(announced({"AUTH PLAIN scram-sha-256"}).auth == Names{"PLAIN", "SCRAM-SHA-256"});
    CHECK(announced({"AUTH=PLAIN LOGIN"}).auth == Names{"PLAIN", "LOGIN"});
    CHECK(announced({"AUTH PLAIN", "AUTH=PLAIN LOGIN"}).auth == Names{"PLAIN", "LOGIN"});
    CHECK(announced({"AUTH"}).auth.empty());
    CHECK(announced({"AUTH="}).auth.empty());
}

TEST_CASE("LIMITS with any error in it counts as absent") {
    struct Case {
        const char* line;
        std::optional<std::uint32_t> rcpt, mail, domains;
    };
    const Case cases[] = {
        {"LIMITS RCPTMAX=20", 20, {}, {}},
        {"LIMITS RCPTMAX=20 MAILMAX=5 RCPTDOMAINMAX=1", 20, 5, 1},
        {"limits rcptmax=999999", 999999, {}, {}},
        {"LIMITS XMAX=1 RCPTMAX=2", 2, {}, {}},
        {"LIMITS RCPTMAX=0", {}, {}, {}},
        {"LIMITS RCPTMAX=1000000", {}, {}, {}},  // seven digits
        {"LIMITS RCPTMAX=", {}, {}, {}},
        {"LIMITS RCPTMAX", {}, {}, {}},
        {"LIMITS RCPTMAX=-5", {}, {}, {}},
        {"LIMITS RCPTMAX=5 RCPTMAX=6", {}, {}, {}},
        {"LIMITS MAILMAX=5 RCPTMAX=x", {}, {}, {}},
        {"LIMITS", {}, {}, {}},
    };
    for (const Case& test : cases) {
        CAPTURE(test.line);
        const auto extensions = announced({test.line});
        CHECK(extensions.rcpt_max == test.rcpt);
        CHECK(extensions.mail_max == test.mail);
        CHECK(extensions.rcpt_domain_max == test.domains);
    }
}
