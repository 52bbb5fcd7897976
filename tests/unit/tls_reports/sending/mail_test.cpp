// SPDX-License-Identifier: Apache-2.0
#include "core/tls_reports/sending/mail.hpp"

#include <doctest/doctest.h>

#include "core/mail/authentication/dkim/key_record.hpp"
#include "core/mail/authentication/dkim/verify.hpp"
#include "tests/support/run.hpp"
#include "tests/support/zone_resolver.hpp"
#include "tests/unit/tls_reports/sending/samples.hpp"

using namespace outpost;
using namespace outpost::test;
using namespace outpost::tls_reports;

namespace {

Draft draft_to(std::vector<mail::Address> places) {
    Material material;
    material.rows = {row("example.org", "example.org", false, 1)};
    return draft({false, day, "example.org"}, {std::move(places), {}, {}}, material, sending())
        .value();
}

}  // namespace

TEST_CASE("one message goes to all addresses, asks nobody to report on it, and needs no TLS") {
    const auto message = report_message(
        draft_to({address("a@example.org"), address("b@example.net")}), *sending().submitter,
        WallClock::now()
    );
    REQUIRE(message.recipients.size() == 2);
    for (const auto& recipient : message.recipients)
        CHECK(recipient.notify.never);
    CHECK(message.mail_from.wire() == "postmaster@origin.test");
    CHECK(message.account.empty());
    CHECK(message.tls_wish == delivery::TlsWish::not_required);
    CHECK(message.source == "tlsrpt");
    CHECK(message.message_id.ends_with("@origin.test>"));
    CHECK_FALSE(message.eightbit);
    CHECK_FALSE(message.smtputf8);
}

TEST_CASE("its submitter signs it, and nobody may add a field that says what it is about") {
    const Submitter submitter = *sending().submitter;
    const auto message =
        report_message(draft_to({address("a@example.org")}), submitter, WallClock::now());
    ZoneResolver zone;
    zone.add(
        "s._domainkey.origin.test", dns::Type::txt,
        {dkim::key_record(submitter.signing.keys.at("s").value())}
    );
    asio::io_context loop;
    dkim::VerifyOptions options;
    options.deadline = Deadline::in(std::chrono::seconds(5));
    const auto results = run(loop, dkim::verify(*message.content, zone, std::move(options)));
    REQUIRE(results.size() == 1);
    CHECK(results[0].passed());
    CHECK(message.signed_by == "origin.test s");
    REQUIRE(results[0].signature);
    CHECK(results[0].signature->domain == submitter.domain);
    for (const char* name : {"TLS-Report-Domain", "TLS-Report-Submitter", "Subject"}) {
        CAPTURE(name);
        const auto& signed_fields = results[0].signature->headers;
        CHECK(std::count(signed_fields.begin(), signed_fields.end(), name) == 2);
    }
}
