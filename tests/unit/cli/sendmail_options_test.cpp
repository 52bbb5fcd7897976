// SPDX-License-Identifier: Apache-2.0
#include "core/cli/sendmail_options.hpp"

#include <doctest/doctest.h>

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

TEST_CASE("what cannot be done is refused with a reason") {
    for (const auto& arguments : std::vector<std::vector<std::string>>{
             {"-f"}, {"-N", "sometimes"}, {"-R", "half"}, {"-bi"}, {"-Z"}
         }) {
        const auto options = parse_sendmail_options(arguments);
        CHECK_MESSAGE(!options, arguments[0]);
        if (!options) CHECK(!options.error().empty());
    }
}
