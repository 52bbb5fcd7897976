// SPDX-License-Identifier: Apache-2.0
#include "core/tls_reports/sending/sender.hpp"

#include <doctest/doctest.h>

#include <thread>

#include "core/mail/tlsrpt/gzip.hpp"
#include "core/tls_reports/results/store.hpp"
#include "core/tls_reports/sending/days.hpp"
#include "core/tls_reports/sending/making.hpp"
#include "tests/unit/tls_reports/sending/sender_lab.hpp"

using namespace outpost;
using namespace outpost::test;
using namespace outpost::tls_reports;

namespace {

const tlsrpt::Record to_example{{address("tls@a.test")}, {}, {}};

/// Whatever was left for later is due now.
void time_passes(SenderLab& lab) {
    lab.does("UPDATE outpost_private.tls_report SET next_at = now() WHERE state = 'due'");
    lab.does("UPDATE outpost_private.tls_report_place SET next_at = now() WHERE state = 'posting'");
}
void a_day_passes(SenderLab& lab) {
    lab.does("UPDATE outpost_private.tls_report SET give_up_at = now()");
    lab.does("UPDATE outpost_private.tls_report_place SET give_up_at = now()");
    time_passes(lab);
}

}  // namespace

TEST_CASE("a report is made of yesterday's results, marked sent, and not made again") {
    SenderLab lab;
    lab.record("a.test", "mailto:tls@a.test");
    lab.result("a.test");
    lab.result("today.test", {}, 1, 0);
    lab.send();
    lab.send();
    CHECK(lab.reports() == "a.test sending -");
    CHECK(lab.places() == "mailto:tls@a.test queued -");
    CHECK(
        lab.database.sql(
            "SELECT m.mail_from, r.address, r.notify, m.require_tls FROM outpost.messages m JOIN "
            "outpost.recipients r USING (message_id)"
        ) == "postmaster@origin.test tls@a.test NEVER false"
    );
}

TEST_CASE("it is planned for some minutes after midnight, and nothing happens before") {
    SenderLab lab;
    lab.record("a.test", "mailto:tls@a.test");
    lab.result("a.test");
    lab.finish_rounds();
    CHECK(lab.reports() == "a.test due -");
    CHECK(
        lab.database.sql(
            "SELECT next_at - planned_at BETWEEN interval '4 min' AND interval '6 min' FROM "
            "outpost_private.tls_report"
        ) == "true"
    );
}

TEST_CASE("nodes that send at once send each report once") {
    SenderLab lab;
    constexpr int domains = 12;
    for (int n = 0; n < domains; ++n) {
        const auto domain = fmt::format("d{}.test", n);
        lab.record(domain, "mailto:tls@" + domain);
        lab.result(domain);
    }
    plan(lab.database.session, lab.settings, 0.5);
    hurry(lab.database.session, {});
    std::vector<std::thread> nodes;
    for (int n = 0; n < 3; ++n) {
        nodes.emplace_back([&lab] {
            db::Pool pool(lab.database.settings, 2);
            asio::io_context loop;
            // Of its own: the one of the lab takes notes.
            auto zone = std::make_shared<ZoneResolver>(*lab.zone);
            while (run(loop, make_round(pool, zone, lab.settings))) {
            }
            pool.stop();
        });
    }
    for (auto& node : nodes)
        node.join();
    CHECK(lab.messages() == std::to_string(domains));
    CHECK(
        lab.database.sql(
            "SELECT count(*), count(DISTINCT message_id) FROM outpost.tls_report_places"
        ) == "12 12"
    );
}

TEST_CASE("a node that dies while it makes a report leaves it to another, and may come back in vain"
) {
    SenderLab lab;
    lab.record("a.test", "mailto:tls@a.test");
    lab.result("a.test");
    plan(lab.database.session, lab.settings, 0.5);
    hurry(lab.database.session, {});
    const auto lost = claim(lab.database.session);
    REQUIRE(lost);
    lab.finish_rounds();
    CHECK(lab.messages() == "0");  // still the dead node's
    time_passes(lab);
    lab.finish_rounds();
    CHECK(lab.messages() == "1");
    make(lab.database.session, *lost, to_example, lab.settings);
    skip(lab.database.session, *lost, "too late");
    CHECK(lab.messages() == "1");
    CHECK(lab.reports() == "a.test sending -");
}

TEST_CASE("the mail and the mark are one transaction") {
    SenderLab lab;
    lab.result("a.test");
    plan(lab.database.session, lab.settings, 0.5);
    hurry(lab.database.session, {});
    const auto claimed = claim(lab.database.session);
    REQUIRE(claimed);
    lab.does("ALTER TABLE outpost_private.tls_report_place ADD CONSTRAINT broken CHECK (false)");
    CHECK_THROWS_AS(make(lab.database.session, *claimed, to_example, lab.settings), const db::Error&);
    CHECK(lab.messages() == "0");
    CHECK(lab.reports() == "a.test due -");
    lab.does("ALTER TABLE outpost_private.tls_report_place DROP CONSTRAINT broken");
    make(lab.database.session, *claimed, to_example, lab.settings);
    CHECK(lab.messages() == "1");
}

TEST_CASE("a report that cannot be made holds up no other, and is given up") {
    SenderLab lab;
    for (const char* domain : {"a.test", "b.test"}) {
        lab.record(domain, fmt::format("mailto:tls@{}", domain));
        lab.result(domain);
    }
    lab.does(
        "ALTER TABLE outpost_private.tls_report_place ADD CONSTRAINT broken CHECK (place NOT LIKE "
        "'%a.test')"
    );
    lab.send();
    CHECK(lab.reports().starts_with("a.test due ERROR:  new row"));
    CHECK(lab.reports().ends_with("\nb.test sending -"));
    SUBCASE("after a day") {
        a_day_passes(lab);
        lab.finish_rounds();
    }
    SUBCASE("when it has ended many nodes") {
        lab.does("UPDATE outpost_private.tls_report SET attempts = 50 WHERE state = 'due'");
        time_passes(lab);
        lab.finish_rounds();
        tidy(lab.database.session, std::chrono::days(30));
    }
    CHECK(lab.reports().starts_with("a.test failed "));
}

TEST_CASE("days left over are reported with their own period and id") {
    SenderLab lab;
    lab.record("a.test", "mailto:tls@a.test");
    lab.result("a.test", {}, 1, 3);
    lab.result("a.test", {}, 1, 1);
    lab.send();
    CHECK(lab.messages() == "2");
    const std::string expected = lab.database.sql(
        "SELECT to_char((now() AT TIME ZONE 'UTC')::date - 3, 'YYYYMMDD'), extract(epoch FROM "
        "((now() "
        "AT TIME ZONE 'UTC')::date - 3) AT TIME ZONE 'UTC')::int8"
    );
    CHECK(
        lab.database.sql(
            "SELECT split_part(s.report_id, '.', 1), substring(convert_from(c.data, 'UTF8') FROM "
            "'filename=\"origin.test!a.test!(\\d+)!') FROM outpost.tls_reports_sent s JOIN "
            "outpost.tls_report_places p ON p.report_id = s.id JOIN outpost_private.content c ON "
            "c.message_id = p.message_id WHERE convert_from(c.data, 'UTF8') LIKE '%filename%' "
            "ORDER BY "
            "s.day LIMIT 1"
        ) == expected
    );
}

TEST_CASE("results that come in late still make a report, unless there is one already") {
    SenderLab lab;
    lab.record("a.test", "mailto:tls@a.test");
    lab.record("b.test", "mailto:tls@b.test");
    lab.result("a.test");
    lab.send();
    lab.result("b.test");
    lab.does("UPDATE outpost_private.tls_result SET failures = 5, planned = false");
    lab.send();
    CHECK(lab.reports() == "a.test sending -\nb.test sending -");
    CHECK(lab.messages() == "2");
}

TEST_CASE("where the DNS does not answer the report waits, for a day") {
    SenderLab lab;
    lab.zone->fail("_smtp._tls.a.test", dns::Type::txt);
    lab.result("a.test");
    lab.send();
    const std::string reason = " its TLSRPT record could not be looked up: told to fail";
    CHECK(lab.reports() == "a.test due" + reason);
    CHECK(
        lab.database.sql(
            "SELECT next_at - now() BETWEEN interval '4 min' AND interval '6 min' FROM "
            "outpost_private.tls_report"
        ) == "true"
    );
    SUBCASE("it is sent when it answers") {
        lab.record("a.test", "mailto:tls@a.test");
        time_passes(lab);
        lab.finish_rounds();
        CHECK(lab.reports() == "a.test sending -");
    }
    SUBCASE("it is given up when it never does") {
        a_day_passes(lab);
        lab.finish_rounds();
        CHECK(lab.reports() == "a.test failed" + reason);
    }
}

TEST_CASE("results stay as long as a report is owed, however old they are") {
    SenderLab lab;
    lab.result("a.test", {}, 1, 40);
    lab.zone->fail("_smtp._tls.a.test", dns::Type::txt);
    const std::string left = "SELECT count(*) FROM outpost.tls_results";
    tls_results::expire(lab.database.session, {});
    CHECK(lab.database.sql(left) == "1");
    lab.send();
    tls_results::expire(lab.database.session, {});
    CHECK(lab.database.sql(left) == "1");
    a_day_passes(lab);
    lab.finish_rounds();
    tls_results::expire(lab.database.session, {});
    CHECK(lab.database.sql(left) == "0");
    tidy(lab.database.session, std::chrono::days(30));
    CHECK(lab.reports() == "");
}

TEST_CASE("who publishes no record, several or a broken one gets no report") {
    SenderLab lab;
    lab.zone->add(
        "_smtp._tls.two.test", dns::Type::txt,
        {"v=TLSRPTv1; rua=mailto:a@two.test", "v=TLSRPTv1; rua=mailto:b@two.test"}
    );
    lab.record("broken.test", "nowhere");
    for (const char* domain : {"none.test", "two.test", "broken.test"})
        lab.result(domain);
    lab.send();
    CHECK(
        lab.reports() ==
        "broken.test skipped its TLSRPT record is broken\n"
        "none.test skipped it publishes no TLSRPT record\n"
        "two.test skipped it publishes several TLSRPT records, so none counts"
    );
}

TEST_CASE("successes are reported where that is switched on, and deliveries of reports never are") {
    SenderLab lab;
    lab.record("a.test", "mailto:tls@a.test");
    lab.record("b.test", "mailto:tls@b.test");
    lab.result("a.test", {}, 0);
    lab.result("b.test", {}, 1, 1, false);
    SUBCASE("off") {
        lab.send();
        CHECK(lab.reports() == "");
    }
    SUBCASE("on") {
        lab.settings.successes_too = true;
        lab.send();
        CHECK(lab.reports() == "a.test sending -");
    }
}

TEST_CASE("without a submitter, or switched off, nothing is sent, and nothing is owed later") {
    SenderLab lab;
    lab.record("a.test", "mailto:tls@a.test");
    const auto settings = lab.settings;
    lab.result("a.test");
    SUBCASE("no submitter: it is seen") {
        lab.settings.submitter.reset();
        lab.send();
        CHECK(lab.reports().starts_with("a.test skipped no domain signs by DKIM"));
    }
    SUBCASE("switched off: no mark is made") {
        lab.settings.send = false;
        lab.send();
        CHECK(lab.reports() == "");
    }
    SUBCASE("switched off later: what is due is let go") {
        plan(lab.database.session, lab.settings, 0.5);
        lab.settings.send = false;
        lab.send();
        CHECK(lab.reports() == "a.test skipped sending is switched off: see tls_reports.send");
    }
    const std::string before = lab.reports();
    lab.settings = settings;
    lab.send();
    CHECK(lab.reports() == before);
    CHECK(lab.messages() == "0");
}

TEST_CASE("MX hosts wait for their recipient domains, and are not told the same again") {
    SenderLab lab;
    lab.result("a.test", "mx.host.test");
    lab.result("b.test", "mx.host.test");
    lab.record("mx.host.test", "mailto:tls@host.test");
    lab.record("a.test", "mailto:tls@host.test");
    lab.zone->fail("_smtp._tls.b.test", dns::Type::txt);
    lab.send();
    CHECK(
        lab.reports() ==
        "a.test sending -\n"
        "b.test due its TLSRPT record could not be looked up: told to fail\n"
        "mx.host.test (host) due -"
    );
    lab.record("b.test", "mailto:tls@b.test");
    time_passes(lab);
    lab.finish_rounds();
    CHECK(lab.reports() == "a.test sending -\nb.test sending -\nmx.host.test (host) sending -");
    // Of its three sessions with each domain, it is told those with b.test.
    CHECK(
        lab.database.sql(
            "SELECT successes, failures FROM outpost.tls_reports_sent WHERE about = 'mx host'"
        ) == "2 1"
    );
}

TEST_CASE("suppressed places get none; the others do") {
    SenderLab lab;
    lab.record("a.test", "mailto:tls@a.test,mailto:Old@a.test,https://a.test/v1");
    lab.record("b.test", "mailto:tls@b.test");
    lab.result("a.test");
    lab.result("b.test");
    lab.does("SELECT outpost.suppress_tls_reports('old@A.test')");
    lab.does("SELECT outpost.suppress_tls_reports('https://a.test/v1')");
    lab.does(
        "SELECT outpost.suppress_tls_reports('mailto:tls@b.test', now() + interval '1 day', "
        "'asked')"
    );
    lab.send();
    CHECK(lab.reports() == "a.test sending -\nb.test skipped all its places are suppressed");
    CHECK(
        lab.places() ==
        "https://a.test/v1 suppressed -\nmailto:Old@a.test suppressed -\nmailto:tls@a.test queued -"
    );
    CHECK(lab.client->requests.empty());
    lab.does(
        "UPDATE outpost_private.tls_report_suppression SET until = now() WHERE place LIKE '%b.test'"
    );
    lab.result("b.test", {}, 1, 2);
    lab.send();
    CHECK(lab.messages() == "2");
}

TEST_CASE("a report is posted as gzip'd JSON, and the place is done with any 2xx") {
    SenderLab lab;
    lab.record("a.test", "https://a.test/v1");
    lab.result("a.test");
    lab.client->statuses = {202};
    lab.send();
    CHECK(lab.places() == "https://a.test/v1 sent -");
    CHECK(lab.reports() == "a.test sent -");
    REQUIRE(lab.client->requests.size() == 1);
    const auto& request = lab.client->requests[0];
    CHECK(request.url == "https://a.test/v1");
    REQUIRE(request.upload);
    CHECK(request.upload->content_type == "application/tlsrpt+gzip");
    const auto json = tlsrpt::gunzip(request.upload->octets, 100'000);
    REQUIRE(json);
    const auto report = tlsrpt::parse_report(*json);
    REQUIRE(report);
    CHECK(report->report.policies.at(0).policy.domain == "a.test");
    CHECK(lab.database.sql("SELECT content IS NULL FROM outpost_private.tls_report") == "true");
}

TEST_CASE("a post that fails is repeated with the same report, for a day") {
    SenderLab lab;
    lab.record("a.test", "https://a.test/v1,mailto:tls@a.test");
    lab.result("a.test");
    lab.client->statuses = {500};
    lab.send();
    const std::string https = "https://a.test/v1 ";
    const std::string mail = "\nmailto:tls@a.test queued -";
    const std::string reason = "the server answered with HTTP status 500";
    CHECK(lab.places() == https + "posting " + reason + mail);
    CHECK(lab.client->requests.size() == 1);
    SUBCASE("until it succeeds") {
        lab.client->statuses = {200};
        time_passes(lab);
        lab.finish_rounds();
        CHECK(lab.places() == https + "sent -" + mail);
        REQUIRE(lab.client->requests.size() == 2);
        CHECK(lab.client->requests[0].upload->octets == lab.client->requests[1].upload->octets);
    }
    SUBCASE("and is given up then") {
        a_day_passes(lab);
        lab.finish_rounds();
        CHECK(lab.places() == https + "failed " + reason + mail);
        CHECK(lab.client->requests.size() == 2);
    }
    SUBCASE("and by another node where this one ends") {
        lab.client->statuses = {0, 200};
        time_passes(lab);
        lab.finish_rounds();
        CHECK(lab.places() == https + "posting " + reason + mail);
        time_passes(lab);
        lab.finish_rounds();
        CHECK(lab.places() == https + "sent -" + mail);
    }
}

TEST_CASE("a report that was delivered is sent; one that was refused suppresses its place") {
    SenderLab lab;
    lab.record("a.test", "mailto:good@a.test,mailto:gone@a.test,mailto:slow@a.test");
    lab.result("a.test");
    lab.send();
    lab.does(
        "UPDATE outpost_private.recipient SET finished_at = now(), state = CASE WHEN address LIKE "
        "'good%' THEN 'delivered' ELSE 'failed' END, last_error = 'reply_5xx', last_status = CASE "
        "WHEN "
        "address LIKE 'slow%' THEN '4.2.2' ELSE '5.1.1' END, last_reply = 'no such user'"
    );
    tidy(lab.database.session, std::chrono::days(30));
    CHECK(
        lab.places() ==
        "mailto:gone@a.test failed no such user\nmailto:good@a.test sent -\n"
        "mailto:slow@a.test failed no such user"
    );
    CHECK(lab.reports() == "a.test sent -");
    CHECK(
        lab.database.sql("SELECT place, reason, until BETWEEN now() + interval '27 days' AND now() "
                         "+ interval '32 "
                         "days' FROM outpost.tls_report_suppressions"
        ) == "mailto:gone@a.test no such user true"
    );
    SUBCASE("a bounce that comes later does as well") {
        lab.does(
            "SELECT outpost_private.note_bounce(message_id, number, 'failed', '5.2.2', 'full', '', "
            "'') "
            "FROM outpost.tls_report_places WHERE place LIKE '%good%'"
        );
        tidy(lab.database.session, std::chrono::days(30));
        CHECK(
            lab.database.sql("SELECT place, reason FROM outpost.tls_report_suppressions ORDER BY 1"
            ) == "mailto:gone@a.test no such user\nmailto:good@a.test full"
        );
    }
}

TEST_CASE("a mail that waits for a day is given up, without a report to anybody or a suppression") {
    SenderLab lab;
    lab.record("a.test", "mailto:tls@a.test");
    lab.result("a.test");
    lab.send();
    lab.does("UPDATE outpost_private.recipient SET last_reply = 'try later'");
    a_day_passes(lab);
    tidy(lab.database.session, std::chrono::days(30));
    CHECK(lab.places() == "mailto:tls@a.test failed given up after a day; last: try later");
    CHECK(lab.reports() == "a.test failed -");
    CHECK(lab.database.sql("SELECT state, report FROM outpost.recipients") == "failed -");
    CHECK(lab.database.sql("SELECT count(*) FROM outpost.tls_report_suppressions") == "0");
}

TEST_CASE("what people suppress is checked, and stands against bounces") {
    SenderLab lab;
    for (const char* wrong : {"", "nobody", "a@", "ftp://a.test/x"})
        CHECK(
            lab.database.refusal(fmt::format("SELECT outpost.suppress_tls_reports('{}')", wrong)) ==
            "22023"
        );
    CHECK(
        lab.database.refusal(
            "SELECT outpost.suppress_tls_reports('a@a.test', now() - interval '1 s')"
        ) == "22023"
    );
    lab.does("SELECT outpost.suppress_tls_reports('a@a.test', now() + interval '2 years', 'asked')"
    );
    lab.does("SELECT outpost_private.suppress_bounced_place('mailto:a@a.test', 'bounced', 7)");
    CHECK(
        lab.database.sql("SELECT place, reason, in_force FROM outpost.tls_report_suppressions") ==
        "mailto:a@a.test asked true"
    );
    CHECK(lab.database.sql("SELECT outpost.unsuppress_tls_reports('A@a.test') AS a") == "true");
    CHECK(lab.database.sql("SELECT outpost.unsuppress_tls_reports('A@a.test') AS a") == "false");
}

TEST_CASE("readers see what is sent, operators suppress, and every column says what it is") {
    SenderLab lab;
    CHECK(
        lab.database.sql(
            "SELECT c.relname, a.attname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid "
            "WHERE "
            "c.relnamespace = 'outpost'::regnamespace AND c.relname IN ('tls_reports_sent', "
            "'tls_report_places', 'tls_report_suppressions') AND a.attnum > 0 AND "
            "col_description(a.attrelid, a.attnum) IS NULL"
        ) == ""
    );
    lab.does("SET ROLE outpost_reader");
    for (const char* view : {"tls_reports_sent", "tls_report_places", "tls_report_suppressions"})
        CHECK(lab.database.refusal(fmt::format("SELECT * FROM outpost.{}", view)) == "");
    CHECK(lab.database.refusal("SELECT outpost.suppress_tls_reports('a@a.test')") == "42501");
    lab.does("RESET ROLE");
    lab.does("SET ROLE outpost_operator");
    CHECK(lab.database.refusal("SELECT outpost.suppress_tls_reports('a@a.test')") == "");
    CHECK(lab.database.refusal("SELECT outpost_private.follow_tls_reports()") == "42501");
}

TEST_CASE("what is owed is shown without a trace, and a selection hurries no other") {
    SenderLab lab;
    lab.result("a.test");
    lab.result("b.test", "mx.test");
    const auto keys = owed(lab.database.session, lab.settings);
    REQUIRE(keys.size() == 3);
    CHECK(keys[0].domain == "a.test");
    CHECK(keys[2].domain == "mx.test");
    CHECK(keys[2].to_host);
    CHECK(lab.reports() == "");
    plan(lab.database.session, lab.settings, 0.5);
    CHECK(owed(lab.database.session, lab.settings) == keys);
    CHECK(hurry(lab.database.session, {keys[0].day - std::chrono::days(1), {}}).empty());
    CHECK(hurry(lab.database.session, {keys[0].day, "a.test"}).size() == 1);
    const auto claimed = claim(lab.database.session);
    REQUIRE(claimed);
    CHECK(claimed->key == keys[0]);
    CHECK_FALSE(claim(lab.database.session));
}
