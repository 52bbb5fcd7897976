// SPDX-License-Identifier: Apache-2.0
#include "core/cli/sendmail_options.hpp"

#include <doctest/doctest.h>

#include "core/cli/sendmail_message.hpp"
#include "core/mail/message/header.hpp"
#include "core/mail/message/submission.hpp"

using namespace outpost;
using cli::parse_sendmail_options;

TEST_CASE("options stand alone, joined to their value, or in groups, as programs write them") {
    for (const auto& arguments : std::vector<std::vector<std::string>>{
             {"-t", "-i", "-f", "me@example.org"},
             {"-ti", "-fme@example.org"},
             {"-oi", "-t", "-r", "me@example.org", "-oem"}
         }) {
        const auto options = parse_sendmail_options(arguments);
        REQUIRE(options);
        CHECK(options->recipients_from_header);
        CHECK(options->ignore_dots);
        CHECK(options->sender == "me@example.org");
        CHECK(options->recipients.empty());
    }
}

TEST_CASE("DSN wishes, names and recipients are read") {
    const auto options = parse_sendmail_options(
        {"-F", "A B", "-N", "failure,success", "-R", "hdrs", "-V", "order-7", "-q30m", "-Am",
         "a@example.org", "--", "-b@example.org"}
    );
    REQUIRE(options);
    CHECK(options->full_name == "A B");
    CHECK(options->notify.failure);
    CHECK(options->notify.success);
    CHECK_FALSE(options->notify.delay);
    CHECK(options->ret == delivery::Ret::headers);
    CHECK(options->envid == "order-7");
    CHECK(options->recipients == std::vector<std::string>{"a@example.org", "-b@example.org"});
    CHECK(parse_sendmail_options({"-bs"})->smtp_on_stdio);
}

TEST_CASE("RequireTLS asks by a parameter, or waives in the header") {
    CHECK(
        parse_sendmail_options({"-O", "QueueDirectory=/x"})->tls_wish == delivery::TlsWish::standard
    );
    const auto made = [](const std::string& option, const std::string& text) {
        const auto options = parse_sendmail_options({"-O" + option, "a@example.org"});
        REQUIRE(options);
        const auto job =
            cli::make_submission(text, *options, {"me", "", "example.org"}, WallTime{});
        REQUIRE(job);
        return *job->message;
    };
    const auto required = made("requiretls=YES", "Subject: x\n\n");
    CHECK(required.tls_wish == delivery::TlsWish::required);
    CHECK_FALSE(mail::waives_tls(mail::Header(required.body.held()->header())));
    const auto waived = made("RequireTLS=no", "Subject: x\n\n");
    CHECK(mail::waives_tls(mail::Header(waived.body.held()->header())));
    const auto twice = made("RequireTLS=no", "TLS-Required: Yes\n\n");
    CHECK(mail::waives_tls(mail::Header(twice.body.held()->header())));
    CHECK(mail::Header(twice.body.held()->header()).count("TLS-Required") == 1);
}

TEST_CASE("what cannot be done is refused with a reason") {
    for (const auto& arguments : std::vector<std::vector<std::string>>{
             {"-f"},
             {"-N", "sometimes"},
             {"-R", "half"},
             {"-bi"},
             {"-Z"},
             {"-O", "RequireTLS"},
             {"-ORequireTLS=maybe"}
         }) {
        const auto options = parse_sendmail_options(arguments);
        CHECK_MESSAGE(!options, arguments[0]);
        if (!options) CHECK(!options.error().empty());
    }
}
