// SPDX-License-Identifier: Apache-2.0
#include "core/mail/tlsrpt/result.hpp"

#include <doctest/doctest.h>

using namespace outpost::tlsrpt;

TEST_CASE("result types bear the names of RFC 8460 section 4.3") {
    const std::vector<std::string_view> names{"starttls-not-supported", "certificate-host-mismatch",
                                              "certificate-expired",    "certificate-not-trusted",
                                              "validation-failure",     "tlsa-invalid",
                                              "dnssec-invalid",         "dane-required",
                                              "sts-policy-fetch-error", "sts-policy-invalid",
                                              "sts-webpki-invalid"};
    for (const auto name : names) {
        REQUIRE(parse_result_type(name));
        CHECK(text(*parse_result_type(name)) == name);
    }
    CHECK(text(ResultType::sts_webpki_invalid) == "sts-webpki-invalid");
    CHECK_FALSE(parse_result_type("certificate-revoked"));
}

TEST_CASE("policy types bear the names of RFC 8460 section 4.2") {
    CHECK(text(PolicyType::no_policy_found) == "no-policy-found");
    CHECK(text(PolicyType::tlsa) == "tlsa");
    CHECK(parse_policy_type("sts") == PolicyType::sts);
    CHECK_FALSE(parse_policy_type(""));
}
