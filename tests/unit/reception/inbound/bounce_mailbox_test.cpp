// SPDX-License-Identifier: Apache-2.0
#include "core/reception/inbound/bounce_mailbox.hpp"

#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

#include "tests/support/run.hpp"

using namespace outpost;
using namespace outpost::inbound;
using dsn::Action;

namespace {

const RecipientKey somebody{MessageId{4711}, 3};

dns::Domain domain(const char* name) {
    return dns::Domain::parse(name).value();
}
mail::Address address(const std::string& text) {
    return mail::Address::parse(text).value();
}

/// Keeps what is noted.
class Notes final : public queue::BounceStore {
  public:
    awaitable<bool> note(queue::Bounce bounce) override {
        all.push_back(std::move(bounce));
        co_return known;
    }
    std::vector<queue::Bounce> all;
    bool known = true;
};

const std::string head =
    "From: MAILER-DAEMON@mx.example\r\nSubject: Undelivered Mail\r\n"
    "Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n";

std::string group(
    const std::string& action, const std::string& status, const std::string& diagnostic = ""
) {
    return "\r\nFinal-Recipient: rfc822; someone@elsewhere.example\r\nAction: " + action +
           "\r\nStatus: " + status + "\r\n" +
           (diagnostic.empty() ? "" : "Diagnostic-Code: smtp; " + diagnostic + "\r\n");
}
std::string dsn(const std::string& groups) {
    return "--b\r\nContent-Type: message/delivery-status\r\n\r\n"
           "Reporting-MTA: dns; mx.example\r\n" +
           groups + "\r\n--b--\r\n";
}

struct Fixture {
    Notes notes;
    dsn::ReturnPaths paths{domain("bounces.example.org"), Secret("of all nodes")};
    BounceMailbox mailbox{{paths, std::chrono::hours(24)}, notes};
    asio::io_context loop;

    smtp::Reply take(std::string header, std::string body, const std::string& from = "") {
        Received received;
        if (!from.empty()) received.mail_from = address(from);
        received.recipient = paths.of(somebody);
        received.content = std::make_shared<const mail::Content>(
            std::move(header), std::vector<std::string>{std::move(body)}
        );
        return test::run(loop, mailbox.take(std::move(received)));
    }
    /// What is noted of a report with these groups.
    queue::Bounce noted(const std::string& groups) {
        REQUIRE(take(head, dsn(groups)).code == 250);
        return notes.all.back();
    }
};

}  // namespace

TEST_CASE_FIXTURE(Fixture, "return paths that are ours are taken, whatever their case") {
    CHECK(mailbox.takes(paths.of(somebody)));
    auto shouted = paths.of(somebody).wire();
    for (char& c : shouted)
        c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    CHECK(mailbox.takes(address(shouted)));
}

TEST_CASE_FIXTURE(Fixture, "no other address is taken") {
    const auto ours = paths.of(somebody).wire();
    auto forged = ours;
    forged[10] = forged[10] == 'a' ? 'b' : 'a';
    const dsn::ReturnPaths other_secret{paths.domain, Secret("guessed")};
    const dsn::ReturnPaths other_domain{domain("other.example.org"), paths.secret};
    for (const auto& no :
         {address(forged), other_secret.of(somebody), other_domain.of(somebody),
          address("postmaster@bounces.example.org"), address("bounce-@bounces.example.org")})
        CHECK_FALSE(mailbox.takes(no));
    CHECK_FALSE(mailbox.takes(mail::Address()));
}

TEST_CASE_FIXTURE(Fixture, "a report is noted for the recipient whom the return path names") {
    const auto bounce = noted(group("failed", "5.1.1", "550 5.1.1 no such user"));
    CHECK(bounce.recipient == somebody);
    CHECK(bounce.report.action == Action::failed);
    CHECK(bounce.report.status->text() == "5.1.1");
    CHECK(bounce.report.diagnostic == "550 5.1.1 no such user");
    CHECK(bounce.reporting_mta == "mx.example");
    CHECK(bounce.suppress_for == std::chrono::hours(24));
}

TEST_CASE_FIXTURE(Fixture, "what says nothing of the mailbox does not suppress") {
    CHECK_FALSE(noted(group("failed", "5.7.1", "550 5.7.1 spam")).suppress_for);
    CHECK_FALSE(noted(group("failed", "4.4.7")).suppress_for);
    CHECK_FALSE(noted(group("delayed", "4.1.1")).suppress_for);
    CHECK_FALSE(noted(group("delivered", "2.1.5")).suppress_for);
}

TEST_CASE_FIXTURE(Fixture, "no suppression is asked for where the configuration does not want it") {
    BounceMailbox lenient({paths, std::nullopt}, notes);
    Received received;
    received.recipient = paths.of(somebody);
    received.content = std::make_shared<const mail::Content>(
        head, std::vector<std::string>{dsn(group("failed", "5.1.1"))}
    );
    CHECK(test::run(loop, lenient.take(std::move(received))).code == 250);
    CHECK(notes.all.back().report.action == Action::failed);
    CHECK_FALSE(notes.all.back().suppress_for);
}

TEST_CASE_FIXTURE(
    Fixture, "of the members of a list a failure is told, and suppresses only if all fail"
) {
    const auto one = noted(group("delivered", "2.0.0") + group("failed", "5.1.1"));
    CHECK(one.report.action == Action::failed);
    CHECK_FALSE(one.suppress_for);
    CHECK(noted(group("failed", "5.1.1") + group("failed", "5.2.1")).suppress_for);
}

TEST_CASE_FIXTURE(Fixture, "an answering machine is noted with its subject, and does nothing") {
    const auto reply = take(
        "Subject: I am away\r\nAuto-Submitted: auto-replied\r\nContent-Type: text/plain\r\n\r\n",
        "550 5.1.1 no such user\r\n"
    );
    CHECK(reply.code == 250);
    REQUIRE(notes.all.size() == 1);
    CHECK(notes.all[0].report.action == Action::unrecognised);
    CHECK(notes.all[0].report.diagnostic == "I am away");
    CHECK_FALSE(notes.all[0].report.status);
    CHECK_FALSE(notes.all[0].suppress_for);
}

TEST_CASE_FIXTURE(Fixture, "a report of another kind is no bounce") {
    const auto reply = take(
        "Content-Type: multipart/report; report-type=disposition-notification; boundary=b\r\n\r\n",
        dsn(group("failed", "5.1.1"))
    );
    CHECK(reply.code == 250);
    CHECK(notes.all.back().report.action == Action::unrecognised);
}

TEST_CASE_FIXTURE(Fixture, "mail with a sender is refused, even if it looks like a report") {
    const auto reply = take(head, dsn(group("failed", "5.1.1")), "MAILER-DAEMON@mx.example");
    CHECK(reply.code == 550);
    CHECK(notes.all.empty());
}

TEST_CASE_FIXTURE(Fixture, "a report about a message that is forgotten is refused") {
    notes.known = false;
    CHECK(take(head, dsn(group("failed", "5.1.1"))).code == 550);
}
