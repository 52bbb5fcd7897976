// SPDX-License-Identifier: Apache-2.0
#include "core/mail/dsn/suppression.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace outpost;
using namespace outpost::dsn;

namespace {

std::optional<smtp::EnhancedStatus> status(std::string_view text) {
    return smtp::EnhancedStatus::parse(text);
}

RecipientReport failure(std::string_view with_status, std::optional<int> code = {}) {
    RecipientReport report;
    report.action = Action::failed;
    report.status = status(with_status);
    report.reply_code = code;
    return report;
}

std::string key(const char* address) {
    return suppression_key(mail::Address::parse(address).value());
}

}  // namespace

TEST_CASE("without a status, a reply of the recipient's own host to RCPT suppresses") {
    for (const int code : {521, 550, 551, 553, 556}) {
        CHECK(suppresses_at_once({code, std::nullopt, true}));
        CHECK(suppresses_at_once({code, status("5.0.0"), true}));
    }
    for (const int code : {250, 421, 450, 451, 500, 501, 503, 530, 552, 554, 555})
        CHECK_FALSE(suppresses_at_once({code, std::nullopt, true}));
}

TEST_CASE("without a status, nothing that a relay says suppresses, nor what is said of the data") {
    for (const int code : {521, 550, 551, 553, 556}) {
        CHECK_FALSE(suppresses_at_once({code, std::nullopt, false}));
        CHECK_FALSE(suppresses_at_once({code, status("5.0.0"), false}));
    }
}

TEST_CASE("a permanent failure suppresses at once by its enhanced status") {
    for (const auto* text : {"5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1"}) {
        CHECK(suppresses_at_once({554, status(text)}));
        CHECK(suppresses_at_once({std::nullopt, status(text)}));
    }
    for (const auto* text :
         {"5.0.0", "5.1.0", "5.1.8", "5.2.2", "5.3.4", "5.4.4", "5.7.26", "5.11.1"})
        CHECK_FALSE(suppresses_at_once({554, status(text)}));
}

TEST_CASE("a policy does not suppress, whatever reply it is said with") {
    for (const auto* text : {"5.7.0", "5.7.1", "5.7.26", "5.7.509"})
        CHECK_FALSE(suppresses_at_once({550, status(text), true}));
}

TEST_CASE("a temporary failure does not suppress, whatever its status") {
    CHECK_FALSE(suppresses_at_once({450, status("4.1.1"), true}));
    CHECK_FALSE(suppresses_at_once({450, status("5.1.1"), true}));
    CHECK_FALSE(suppresses_at_once({std::nullopt, status("4.2.1")}));
    CHECK_FALSE(suppresses_at_once({std::nullopt, std::nullopt}));
}

TEST_CASE("a report suppresses only when it says failed, for good") {
    CHECK(suppresses_at_once(failure("5.1.1")));
    CHECK_FALSE(suppresses_at_once(failure("5.0.0", 550)));
    CHECK_FALSE(suppresses_at_once(failure("5.0.0", 554)));
    CHECK_FALSE(suppresses_at_once(failure("4.4.7", 550)));
    for (const auto action :
         {Action::delayed, Action::delivered, Action::relayed, Action::expanded,
          Action::unrecognised}) {
        auto report = failure("5.1.1", 550);
        report.action = action;
        CHECK_FALSE(suppresses_at_once(report));
    }
}

TEST_CASE("the status in the quoted reply counts where the report's own is vague") {
    auto report = failure("5.0.0", 554);
    report.reply_status = status("5.1.1");
    CHECK(suppresses_at_once(report));
    report.status = status("5.7.1");
    CHECK_FALSE(suppresses_at_once(report));
}

TEST_CASE("addresses of one mailbox are compared in one form") {
    CHECK(key("john.doe@example.org") == "johndoe@example.org");
    CHECK(key("John.Doe+shop@EXAMPLE.org") == "johndoe@example.org");
    CHECK(key("johndoe-list+x@example.org") == "johndoe@example.org");
    CHECK(key("johndoe+a-b@example.org") == "johndoe@example.org");
    CHECK(key("johndoe@example.net") == "johndoe@example.net");
}

TEST_CASE("an address never loses all of its local part") {
    CHECK(key("+tag@example.org") == "+tag@example.org");
    CHECK(key("-x@example.org") == "-x@example.org");
    CHECK(key("\".\"@example.org") == ".@example.org");
    CHECK(key("\"a b\"@example.org") == "a b@example.org");
    CHECK(key("A@[192.0.2.1]") == "a@[192.0.2.1]");
    CHECK(suppression_key(mail::Address()).empty());
}
