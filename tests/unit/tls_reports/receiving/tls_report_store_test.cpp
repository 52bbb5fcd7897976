// SPDX-License-Identifier: Apache-2.0
#include "core/tls_reports/receiving/tls_report_store_pg.hpp"

#include <doctest/doctest.h>

#include "core/foundation/database/migrate.hpp"
#include "core/mail/tlsrpt/gzip.hpp"
#include "core/tls_reports/receiving/tls_report_rules.hpp"
#include "tests/support/temp_postgres.hpp"
#include "tests/unit/tls_reports/receiving/report_samples.hpp"

using namespace outpost;
using namespace outpost::tls_report_receiving;
using namespace std::chrono_literals;

namespace {

const std::vector<ReportQuota> generous = {{"mail:sender.example", 1000, 1 << 20}};

struct Database {
    Database() : settings(test::fresh_database()), session(settings) {
        db::migrate(session);
        session.exec_script("SET timezone = 'UTC'");
    }
    /// Rows as lines, columns separated by "|".
    std::string sql(const std::string& columns, const std::string& rest) {
        std::string lines;
        for (const db::Row row :
             session.exec_script("SELECT concat_ws('|', " + columns + ") FROM " + rest)) {
            if (!lines.empty()) lines += "\n";
            lines += row.text(0);
        }
        return lines;
    }
    std::string count(const std::string& table) { return sql("count(*)", table); }
    Kept keep(const TlsReport& report, const std::vector<ReportQuota>& quotas = generous) {
        return tls_report_receiving::keep(session, report, quotas);
    }

    db::Settings settings;
    db::Session session;
};

TlsReport by_mail(const std::string& id = "1") {
    auto report = read_report(test::sample_report(id), test::sample_scope()).value();
    report.submitter = report.from_domain = "sender.example";
    report.mail_from = "noreply@sender.example";
    report.client = "192.0.2.1 helo mx.sender.example";
    report.header = "Received: by us\r\nSubject: caf\xe9\r\n\r\n";
    return report;
}

TlsReport by_https(const std::string& id = "1") {
    auto report = read_report(test::sample_report(id), test::sample_scope()).value();
    report.way = ReportWay::https;
    report.submitter = report.organization;
    report.client = "192.0.2.1";
    return report;
}

}  // namespace

TEST_CASE("a report is in the views, by report, by day and by failure") {
    Database database;
    REQUIRE(database.keep(by_mail()) == Kept::fresh);
    CHECK(
        database.sql(
            "way, organization, report_id, period_begin, from_domain, mail_from, "
            "array_to_string(policy_domains, ' '), successes, failures, duplicates, header",
            "outpost.received_tls_reports"
        ) ==
        "mail|Company-X|1|2026-11-25 00:00:00+00|sender.example|noreply@sender.example|"
        "example.org mx.example.org|5333|303|0|Received: by us\r\nSubject: caf\\351\r\n\r\n"
    );
    CHECK(
        database.sql(
            "day, policy_domain, about, way, reports, array_to_string(organizations, ' '), "
            "successes, failures",
            "outpost.received_tls_days ORDER BY policy_domain"
        ) ==
        "2026-11-25|example.org|domain|mail|1|Company-X|5326|303\n"
        "2026-11-25|mx.example.org|mx host|mail|1|Company-X|7|0"
    );
    CHECK(
        database.sql(
            "day, policy_domain, policy_type, result_type, failure_reason_code, sending_mta_ip, "
            "receiving_mx_hostname, receiving_ip, sessions",
            "outpost.received_tls_failures ORDER BY sessions DESC"
        ) ==
        "2026-11-25|example.org|sts|certificate-expired||2001:db8:abcd:12::1|mx.example.org||"
        "100\n"
        "2026-11-25|example.org|sts|moon-in-the-wrong-phase|X509_V_ERR|198.51.100.62||"
        "203.0.113.58|3"
    );
    const auto stored =
        database.session.exec_script("SELECT json_gzip FROM outpost.received_tls_reports");
    CHECK(tlsrpt::gunzip(stored.at(0).bytes(0), 10'000).value_or("") == test::sample_report("1"));
}

TEST_CASE("a report that comes again is noted and not kept twice") {
    Database database;
    CHECK(database.keep(by_mail()) == Kept::fresh);
    CHECK(database.keep(by_mail()) == Kept::duplicate);
    CHECK(database.keep(by_mail("2")) == Kept::fresh);
    auto of_other = by_mail();
    of_other.submitter = of_other.from_domain = "other.example";
    CHECK(database.keep(of_other) == Kept::fresh);
    CHECK(
        database.sql(
            "submitter, report_id, duplicates", "outpost_private.received_tls_report ORDER BY id"
        ) == "sender.example|1|1\nsender.example|2|0\nother.example|1|0"
    );
    // What was there already is not counted.
    CHECK(
        database.sql("whom, reports", "outpost_private.tls_report_quota") == "mail:sender.example|3"
    );
}

TEST_CASE("a report by HTTPS and by mail is kept once, as the mail") {
    Database database;
    CHECK(database.keep(by_https()) == Kept::fresh);
    CHECK(database.keep(by_https()) == Kept::duplicate);
    CHECK(database.keep(by_mail()) == Kept::fresh);
    CHECK(database.sql("way", "outpost.received_tls_reports") == "mail");
    CHECK(database.keep(by_https()) == Kept::duplicate);
    CHECK(database.sql("way, duplicates", "outpost.received_tls_reports") == "mail|1");
    CHECK(database.count("outpost_private.received_tls_policy") == "2");
}

TEST_CASE("nobody has more kept in a day than his quota, in reports and in octets") {
    Database database;
    const std::vector<ReportQuota> two = {{"mail:a", 1000, 1 << 20}, {"all", 2, 1 << 20}};
    CHECK(database.keep(by_mail("1"), two) == Kept::fresh);
    CHECK(database.keep(by_mail("2"), two) == Kept::fresh);
    CHECK(database.keep(by_mail("3"), two) == Kept::over_quota);
    CHECK(database.keep(by_mail("1"), two) == Kept::duplicate);
    // What was refused by one quota has not been counted by another.
    CHECK(
        database.sql("whom, reports", "outpost_private.tls_report_quota ORDER BY whom") ==
        "all|2\nmail:a|2"
    );
    const auto size = by_mail("4").octets;
    CHECK(database.keep(by_mail("4"), {{"small", 1000, size - 1}}) == Kept::over_quota);
    CHECK(database.keep(by_mail("4"), {{"exact", 1000, size}}) == Kept::fresh);
    CHECK(database.keep(by_mail("5"), {{"exact", 1000, size}}) == Kept::over_quota);
    // Yesterday's do not count.
    database.session.exec_script("UPDATE outpost_private.tls_report_quota SET day = day - 1");
    CHECK(database.keep(by_mail("5"), two) == Kept::fresh);
    CHECK(database.count("outpost_private.received_tls_report") == "4");
}

TEST_CASE("reports that are old enough go, with all that belongs to them") {
    Database database;
    database.keep(by_mail("old"));
    database.session.exec_script(
        "UPDATE outpost_private.received_tls_report SET received_at = now() - interval '3 days';"
        "UPDATE outpost_private.tls_report_quota SET day = day - 3"
    );
    database.keep(by_mail("new"));
    CHECK_FALSE(expire_tls_reports(database.session, 96h));
    CHECK(database.count("outpost_private.received_tls_report") == "2");
    CHECK_FALSE(expire_tls_reports(database.session, 48h));
    CHECK(database.sql("report_id", "outpost.received_tls_reports") == "new");
    CHECK(database.count("outpost_private.received_tls_policy") == "2");
    CHECK(database.count("outpost_private.received_tls_failure") == "2");
    CHECK(database.count("outpost_private.tls_report_quota") == "1");
}

TEST_CASE("many old reports go some at a time") {
    Database database;
    for (int i = 0; i < 51; ++i)
        database.keep(by_mail(std::to_string(i)));
    CHECK(expire_tls_reports(database.session, 0s));
    CHECK(database.count("outpost_private.received_tls_report") == "1");
    CHECK_FALSE(expire_tls_reports(database.session, 0s));
    CHECK(database.count("outpost_private.received_tls_report") == "0");
}

TEST_CASE("every column of the views is described") {
    Database database;
    CHECK(database
              .sql(
                  "c.relname, a.attname",
                  "pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON "
                  "a.attrelid = c.oid WHERE n.nspname = 'outpost' AND c.relname LIKE "
                  "'received_tls%' AND "
                  "a.attnum > 0 AND col_description(c.oid, a.attnum) IS NULL"
              )
              .empty());
}
