// SPDX-License-Identifier: Apache-2.0
#include "core/tls_reports/receiving/tls_report_mailbox.hpp"

#include <doctest/doctest.h>

#include <asio/io_context.hpp>

#include "core/mail/tlsrpt/gzip.hpp"
#include "tests/support/memory_tls_report_store.hpp"
#include "tests/support/run.hpp"
#include "tests/unit/tls_reports/receiving/report_samples.hpp"

using namespace outpost;
using namespace outpost::tls_report_receiving;

namespace {

mail::Address address(const std::string& text) {
    return mail::Address::parse(text).value();
}

/// A mailbox whose reports stay in memory.
struct World {
    asio::io_context loop;
    test::MemoryTlsReportStore store;
    metrics::Registry metrics;
    TlsReportIntake intake{store, metrics};
    TlsReportMailbox mailbox{
        intake,
        {address("TlsReports@example.org"), address("host@mx.example.org")},
        std::make_shared<ReportScope>(test::sample_scope())
    };

    std::string take(inbound::Received message) {
        return test::run(loop, mailbox.take(std::move(message))).text();
    }
    bool counted(const std::string& line) const {
        return metrics.text().find(line) != std::string::npos;
    }
};

/// A signed mail with a report.
inbound::Received mail_with(const std::string& octets) {
    inbound::Received message;
    message.id = "id";
    message.client = "192.0.2.1 helo mx.sender.example";
    message.mail_from = address("noreply@bounces.sender.example");
    message.recipient = address("tlsreports@example.org");
    message.content = std::make_shared<mail::Content>(
        "Received: by us\r\nContent-Type: application/tlsrpt+gzip\r\n\r\n",
        std::vector<std::string>{octets}
    );
    message.verdicts.dmarc.from = dns::Domain::parse("reports.sender.example").value();
    auto& signature = message.verdicts.dkim.emplace_back();
    signature.status = dkim::Status::pass;
    signature.signature.emplace().domain = dns::Domain::parse("sender.example").value();
    return message;
}

}  // namespace

TEST_CASE("a mailbox takes its addresses without regard to case, and no others") {
    World world;
    CHECK(world.mailbox.takes(address("tlsreports@example.org")));
    CHECK(world.mailbox.takes(address("TLSREPORTS@EXAMPLE.org")));
    CHECK(world.mailbox.takes(address("host@mx.example.org")));
    CHECK_FALSE(world.mailbox.takes(address("host@example.org")));
    CHECK_FALSE(world.mailbox.takes(mail::Address()));
}

TEST_CASE("a report is kept with where it came from, and counted") {
    World world;
    CHECK(world.take(mail_with(tlsrpt::gzip(test::sample_report()))).starts_with("250 2.0.0 "));
    REQUIRE(world.store.reports.size() == 1);
    const TlsReport& report = world.store.reports[0];
    CHECK(report.way == ReportWay::mail);
    CHECK(report.submitter == "reports.sender.example");
    CHECK(report.from_domain == "reports.sender.example");
    CHECK(report.mail_from == "noreply@bounces.sender.example");
    CHECK(report.client == "192.0.2.1 helo mx.sender.example");
    CHECK(report.header.starts_with("Received: by us\r\n"));
    CHECK(report.policies.size() == 2);
    CHECK(world.store.asked == mail_quotas(dns::Domain::parse("sender.example").value()));
    CHECK(world.counted("outpost_tls_reports_received_total{way=\"mail\",outcome=\"stored\"} 1"));
    CHECK(world.counted("outpost_tls_report_sessions_total{type=\"success\"} 5333"));
    CHECK(world.counted("outpost_tls_report_sessions_total{type=\"certificate-expired\"} 100"));
    CHECK(world.counted("outpost_tls_report_sessions_total{type=\"other\"} 3"));
}

TEST_CASE("a duplicate is answered as if it were new, and counts no sessions") {
    World world;
    world.take(mail_with(tlsrpt::gzip(test::sample_report())));
    CHECK(world.take(mail_with(tlsrpt::gzip(test::sample_report()))).starts_with("250 2.0.0 "));
    CHECK(world.store.reports.size() == 1);
    CHECK(world.counted("outpost_tls_reports_received_total{way=\"mail\",outcome=\"duplicate\"} 1")
    );
    CHECK(world.counted("outpost_tls_report_sessions_total{type=\"success\"} 5333"));
}

TEST_CASE("each refusal has its own reply") {
    World world;
    auto unsigned_mail = mail_with(tlsrpt::gzip(test::sample_report()));
    unsigned_mail.verdicts.dkim.clear();
    CHECK(world.take(unsigned_mail).starts_with("550 5.7.20 "));
    CHECK(world.take(mail_with("no gzip at all")).starts_with("550 5.6.0 "));
    CHECK(world.take(mail_with(tlsrpt::gzip(std::string(21 << 20, ' ')))).starts_with("552 5.3.4 ")
    );
    auto unsure = mail_with(tlsrpt::gzip(test::sample_report()));
    unsure.verdicts.dkim[0].status = dkim::Status::temperror;
    CHECK(world.take(unsure).starts_with("451 4.7.5 "));
    world.store.full = true;
    CHECK(world.take(mail_with(tlsrpt::gzip(test::sample_report()))).starts_with("451 4.7.28 "));
    CHECK(world.store.reports.empty());
    CHECK(world.counted("outpost_tls_reports_received_total{way=\"mail\",outcome=\"not-signed\"} 1")
    );
    CHECK(world.counted("outpost_tls_reports_received_total{way=\"mail\",outcome=\"over-quota\"} 1")
    );
}

TEST_CASE("while the database is away nothing is answered") {
    World world;
    world.store.away = true;
    CHECK_THROWS(world.take(mail_with(tlsrpt::gzip(test::sample_report()))));
}
