// SPDX-License-Identifier: Apache-2.0
#include "core/tls_reports/results/recorder.hpp"

#include <doctest/doctest.h>

#include <future>

#include "core/mail/tlsrpt/tls_report.hpp"
#include "core/tls_reports/results/writer.hpp"
#include "tests/unit/tls_reports/results/evidence_database.hpp"
#include "tests/unit/tls_reports/results/samples.hpp"

using namespace outpost;
using namespace outpost::tls_results;
using namespace outpost::test;

namespace {

const std::string successes = "SELECT sum(successes) FROM outpost.tls_results";

void take_tables_away(EvidenceDatabase& database) {
    database.session.exec_script("ALTER TABLE outpost_private.tls_result RENAME TO elsewhere");
}
void give_tables_back(EvidenceDatabase& database) {
    database.session.exec_script("ALTER TABLE outpost_private.elsewhere RENAME TO tls_result");
}

}  // namespace

TEST_CASE("what is noted is written once, in batches until nothing is left") {
    EvidenceDatabase database;
    Recorder recorder;
    CHECK_FALSE(recorder.has_unwritten());
    for (int i = 0; i < 150; ++i)
        recorder.note(learned({sts("example.org", 1)}, {}, noon, std::to_string(i) + ".example"));
    CHECK(recorder.has_unwritten());
    CHECK(recorder.write(database.session, 1));
    CHECK_FALSE(recorder.write(database.session, 1));
    CHECK_FALSE(recorder.has_unwritten());
    CHECK(database.sql(successes) == "150");
}

TEST_CASE("a batch that the database refused is kept and written next time") {
    EvidenceDatabase database;
    Recorder recorder;
    recorder.note(learned({sts("example.org", 1)}));
    take_tables_away(database);
    CHECK_THROWS_AS(recorder.write(database.session, 1), db::Error);
    CHECK(recorder.has_unwritten());
    recorder.note(learned({sts("example.org", 1)}));
    give_tables_back(database);
    while (recorder.write(database.session, 1)) {
    }
    CHECK(database.sql(successes) == "2");
    CHECK(recorder.lost() == 0);
}

TEST_CASE("a batch that is refused time and again is given up: others wait behind it") {
    EvidenceDatabase database;
    Recorder recorder;
    recorder.note(learned({sts("example.org", 1)}));
    take_tables_away(database);
    for (int round = 1; round < 10; ++round)
        CHECK_THROWS_AS(recorder.write(database.session, 1), db::Error);
    CHECK_FALSE(recorder.write(database.session, 1));
    CHECK(recorder.lost() == 1);
    CHECK_FALSE(recorder.has_unwritten());
}

TEST_CASE("without a wish for results, what domains can do is still recorded") {
    EvidenceDatabase database;
    Recorder recorder;
    recorder.record_results(false);
    recorder.note(learned({sts("example.org", 1)}, starttls(true)));
    recorder.write(database.session, 1);
    CHECK(database.sql("SELECT count(*) FROM outpost.tls_results") == "0");
    CHECK(database.sql("SELECT starttls FROM outpost.domain_abilities") == "true");
}

TEST_CASE("a writer writes from the pool, and what is left at the end") {
    EvidenceDatabase database;
    Recorder recorder;
    db::Pool pool(database.settings, 1);
    Writer writer(recorder, pool, 1);
    recorder.note(learned({sts("example.org", 1)}));
    writer.tick();
    std::promise<void> written;  // by the pool's only thread, after what the tick has posted
    pool.post(
        [&](db::Session&) { written.set_value(); },
        [&](const std::exception_ptr& error) { written.set_exception(error); }
    );
    written.get_future().get();
    CHECK(database.sql(successes) == "1");
    recorder.note(learned({sts("example.org", 1)}));
    writer.tick();  // it is not time yet
    CHECK(recorder.has_unwritten());
    writer.finish(database.session);
    CHECK(database.sql(successes) == "2");
    take_tables_away(database);
    recorder.note(learned({sts("example.org", 1)}));
    writer.finish(database.session);  // complains, and lets the node go on
    pool.stop();
}

TEST_CASE("a TLS report is known by its header") {
    CHECK(tlsrpt::is_tls_report("Subject: x\r\ntls-report-domain: example.org\r\n\r\n"));
    CHECK_FALSE(tlsrpt::is_tls_report("Subject: TLS-Report-Domain: example.org\r\n\r\n"));
    CHECK_FALSE(tlsrpt::is_tls_report(""));
}
