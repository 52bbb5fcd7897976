// SPDX-License-Identifier: Apache-2.0
#include "core/tls_reports/results/store.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <functional>

#include "core/mail/tlsrpt/ledger.hpp"
#include "tests/unit/server/settings/source_tree.hpp"
#include "tests/unit/tls_reports/results/evidence_database.hpp"
#include "tests/unit/tls_reports/results/samples.hpp"

using namespace outpost;
using namespace outpost::tls_results;
using namespace outpost::test;
using namespace std::chrono_literals;
using tlsrpt::ResultType;

namespace {

constexpr std::int64_t node = 1;

Batch batch_of(const std::vector<Learned>& all) {
    Tally tally({});
    for (const Learned& one : all) {
        tally.add_results(one);
        tally.add_abilities(one);
    }
    return tally.take(1000);
}

/// Batches of one node, one after the other.
struct Node {
    void writes(const std::vector<Learned>& all) {
        write(database.session, node, ++number, batch_of(all));
    }

    EvidenceDatabase database;
    std::int64_t number = 0;
};

const std::string sums =
    "SELECT day, recipient_domain, about, policy_type, policy_domain, successes, failures, "
    "failure_details FROM outpost.tls_results ORDER BY 1, 2, 3, 4, 5";
const std::string met =
    "SELECT result_type, failure_reason_code, receiving_mx_hostname, sessions "
    "FROM outpost.tls_failures ORDER BY 1, 2, 3";

tlsrpt::Result tlsa_of(const std::string& host, std::int64_t failures) {
    return {
        {tlsrpt::PolicyType::tlsa, {"3 1 1 ab"}, host, {}},
        true,
        0,
        failures,
        {tlsrpt::detail(tlsrpt::ResultType::validation_failure, "dane-no-match", failures)}
    };
}

delivery::DomainAbilities requiretls(bool announced, std::optional<bool> dane) {
    delivery::DomainAbilities abilities;
    abilities.starttls = true;
    abilities.requiretls = announced;
    if (dane) abilities.policies["dane"] = *dane;
    return abilities;
}

}  // namespace

TEST_CASE("sums of several batches are one row a day, policy domain and policy") {
    Node written;
    written.writes({learned({sts("example.org", 1, {expired()}), tlsa_of("mx.test", 1)})});
    written.writes({learned({sts("example.org", 2, {expired()}), tlsa_of("mx.test", 1)})});
    written.writes({learned({sts("example.org", 1)}, {}, noon + 24h)});
    CHECK(
        written.database.sql(sums) ==
        "2026-11-12 example.org domain sts example.org 3 0 1\n"
        "2026-11-12 example.org mx host tlsa mx.test 0 2 1\n"
        "2026-11-13 example.org domain sts example.org 1 0 0"
    );
    CHECK(
        written.database.sql(met) ==
        "certificate-expired  mx.test 2\nvalidation-failure dane-no-match  2"
    );
    CHECK(
        written.database.sql("SELECT array_to_string(policy_strings, '|') AS p, mx_hosts[2] AS m "
                             "FROM outpost.tls_results WHERE day = '2026-11-13'"
        ) == "version: STSv1|mode: enforce mx.test"
    );
}

TEST_CASE("a policy that changes within a day is a row of its own") {
    Node written;
    auto changed = sts("example.org", 1);
    changed.policy.strings.back() = "mode: testing";
    written.writes({learned({sts("example.org", 1)}), learned({changed})});
    CHECK(written.database.sql("SELECT count(*) FROM outpost.tls_results") == "2");
}

TEST_CASE("a batch that is written again counts once, that of another node counts") {
    EvidenceDatabase database;
    const Batch batch = batch_of({learned({sts("example.org", 1, {expired()})}, starttls(true))});
    for (int round = 0; round < 3; ++round)
        write(database.session, 1, 7, batch);
    write(database.session, 1, 6, batch);
    CHECK(database.sql("SELECT successes FROM outpost.tls_results") == "1");
    write(database.session, 2, 7, batch);
    CHECK(database.sql("SELECT successes FROM outpost.tls_results") == "2");
    CHECK(database.sql("SELECT sessions FROM outpost.tls_failures") == "2");
}

TEST_CASE("messages that are TLS reports are no reason for a report until another goes there") {
    Node written;
    Learned report = learned({sts("example.org", 1)});
    report.causes_report = false;
    const std::string reason = "SELECT send_report FROM outpost.tls_results";
    written.writes({report});
    CHECK(written.database.sql(reason) == "false");
    written.writes({learned({sts("example.org", 1)})});
    written.writes({report});
    CHECK(written.database.sql(reason) == "true");
}

// Each result type of RFC 8460 section 4.3, from what an attempt meets to what the views add up.
TEST_CASE("every result type of RFC 8460 goes from an attempt to the views with count and reason") {
    using Refused = tls::Refusal::Kind;
    using tls::PkixProblem;
    const std::string mx = "mx.test";
    const auto handshake = [&](PkixProblem problem, std::string reason = "") {
        return [=](tlsrpt::Ledger& ledger) {
            tls::TlsObservation seen;
            seen.starttls_offered = seen.starttls_tried = seen.given_up = true;
            seen.reached = tls::TlsFacts{};
            seen.reached->pkix_problem = problem;
            seen.reached->pkix_reason_code = reason;
            seen.failure = tls::TlsFailure{tls::TlsFailure::Kind::pkix, "", reason, 0};
            ledger.session(mx, seen);
        };
    };
    const auto no_tlsa = [&](ResultType type, std::string reason) {
        return [=](tlsrpt::Ledger& ledger) {
            ledger.host_policy(
                mx, {{tlsrpt::PolicyType::tlsa, {}, mx, {}}, {tlsrpt::detail(type, reason)}}
            );
            ledger.refused(mx, {Refused::host_unknown, ""}, false);
        };
    };
    const auto no_sts = [&](ResultType type, std::string reason) {
        return [=](tlsrpt::Ledger& ledger) {
            ledger.domain_policy(
                {{tlsrpt::PolicyType::sts, {}, "example.org", {}}, {tlsrpt::detail(type, reason)}}
            );
            ledger.refused(mx, {Refused::domain_unknown, ""}, false);
        };
    };
    struct Row {
        std::function<void(tlsrpt::Ledger&)> met;
        std::string shown;
    };
    const std::vector<Row> table{
        {[&](tlsrpt::Ledger& ledger) { ledger.session(mx, {}); }, "starttls-not-supported "},
        {handshake(PkixProblem::host_mismatch), "certificate-host-mismatch "},
        {handshake(PkixProblem::expired), "certificate-expired "},
        {handshake(PkixProblem::not_trusted, "no-system-roots"),
         "certificate-not-trusted no-system-roots"},
        {[&](tlsrpt::Ledger& ledger) { ledger.refused(mx, {Refused::domain_excludes, ""}, false); },
         "validation-failure mtasts-policy-mx-mismatch"},
        {no_tlsa(ResultType::tlsa_invalid, "dns-extended-error-23-network-error"),
         "tlsa-invalid dns-extended-error-23-network-error"},
        {no_tlsa(ResultType::dnssec_invalid, "dns-extended-error-9-dnskey-missing"),
         "dnssec-invalid dns-extended-error-9-dnskey-missing"},
        {no_sts(ResultType::sts_policy_fetch_error, "no-policy-served"),
         "sts-policy-fetch-error no-policy-served"},
        {no_sts(ResultType::sts_policy_invalid, "policy-syntax-error"),
         "sts-policy-invalid policy-syntax-error"},
        {no_sts(ResultType::sts_webpki_invalid, "certificate-expired"),
         "sts-webpki-invalid certificate-expired"},
    };
    Node written;
    int domains = 0;
    for (const Row& row : table) {
        CAPTURE(row.shown);
        tlsrpt::Ledger ledger("example.org");
        row.met(ledger);
        // Five attempts in two batches, each row of the table for a recipient domain of its own.
        const auto domain = fmt::format("d{}.example", ++domains);
        const Learned attempt = learned(ledger.results(), {}, noon, domain);
        written.writes({attempt, attempt});
        written.writes({attempt, attempt, attempt});
        CHECK(
            written.database.sql(
                "SELECT DISTINCT result_type, failure_reason_code, sessions FROM "
                "outpost.tls_failures WHERE recipient_domain = '" +
                domain + "'"
            ) == row.shown + " 5"
        );
    }
    CHECK(
        written.database.sql("SELECT count(DISTINCT result_type) FROM outpost.tls_failures") == "10"
    );
}

// Outpost has no way to demand DANE of a domain, so no attempt of its own meets this one.
TEST_CASE("dane-required is stored like the others") {
    Node written;
    written.writes(
        {learned({sts("example.org", 0, {tlsrpt::detail(ResultType::dane_required, "", 2)})})}
    );
    CHECK(written.database.sql(met) == "dane-required   2");
}

TEST_CASE("a ledger's results come out of the database as they went in") {
    tlsrpt::Ledger ledger("example.org");
    ledger.domain_policy(
        {{tlsrpt::PolicyType::sts, {"version: STSv1", "mode: enforce"}, "example.org", {"a.test"}},
         {tlsrpt::detail(tlsrpt::ResultType::sts_policy_fetch_error, "dns-lookup")}}
    );
    ledger.host_policy("a.test", {{tlsrpt::PolicyType::tlsa, {"3 1 1 ab"}, "a.test", {}}, {}});
    ledger.refused("b.test", {tls::Refusal::Kind::domain_excludes, "not in the policy"}, false);
    tls::TlsObservation seen;
    seen.starttls_offered = seen.starttls_tried = true;
    seen.failure = tls::TlsFailure{tls::TlsFailure::Kind::starttls_refused, "", "", 454};
    seen.given_up = true;
    ledger.session("a.test", seen);

    Node written;
    const auto results = ledger.results();
    written.writes({learned(results), learned(results)});
    for (const tlsrpt::Result& result : results) {
        const std::string found = written.database.sql(fmt::format(
            "SELECT successes, failures, failure_details FROM outpost.tls_results "
            "WHERE policy_domain = '{}' AND policy_type = '{}'",
            result.policy.domain, tlsrpt::text(result.policy.type)
        ));
        CHECK(
            found ==
            fmt::format(
                "{} {} {}", 2 * result.successes, 2 * result.failures, result.details.size()
            )
        );
    }
    CHECK(results.size() >= 2);
    CHECK(
        written.database.sql("SELECT DISTINCT receiving_mx_hostname, sessions FROM "
                             "outpost.tls_failures WHERE failure_reason_code = "
                             "'smtp-starttls-reply-code-454'") == "a.test 2"
    );
}

TEST_CASE("an ability has a first and a last sighting, and its changes are kept") {
    Node written;
    const std::string known =
        "SELECT starttls, starttls_first_seen, starttls_last_seen, dane, last_attempt_at "
        "FROM outpost.domain_abilities";
    written.writes({learned({}, starttls(true), noon)});
    written.writes({learned({}, starttls(true), noon + 1h)});
    CHECK(
        written.database.sql(known) ==
        "true 2026-11-12T12:00:00+00:00 2026-11-12T13:00:00+00:00 - 2026-11-12T13:00:00+00:00"
    );
    written.writes({learned({}, starttls(false), noon + 2h)});
    written.writes({learned({}, starttls(true), noon + 5h)});
    CHECK(
        written.database.sql(known) ==
        "true 2026-11-12T12:00:00+00:00 2026-11-12T17:00:00+00:00 - 2026-11-12T17:00:00+00:00"
    );
    CHECK(
        written.database.sql("SELECT ability, before, after, changed_at, times FROM "
                             "outpost.domain_ability_changes ORDER BY changed_at") ==
        "starttls true false 2026-11-12T14:00:00+00:00 1\n"
        "starttls false true 2026-11-12T17:00:00+00:00 1"
    );
}

TEST_CASE("what comes late from another node does not undo what is newer") {
    EvidenceDatabase database;
    write(database.session, 1, 1, batch_of({learned({}, starttls(true), noon + 1h)}));
    write(database.session, 2, 1, batch_of({learned({}, starttls(false), noon)}));
    CHECK(database.sql("SELECT starttls FROM outpost.domain_abilities") == "true");
    CHECK(database.sql("SELECT count(*) FROM outpost.domain_ability_changes") == "0");
}

TEST_CASE("REQUIRETLS is safe when every recipient's domain announces it and can be verified") {
    Node written;
    written.writes({
        learned({}, requiretls(true, true), noon, "safe.example"),
        learned({}, requiretls(true, false), noon, "unverified.example"),
        learned({}, requiretls(false, true), noon, "silent.example"),
    });
    const auto ask = [&](const std::string& account, const std::string& recipients) {
        return written.database.sql(
            "SELECT domain, starttls, requiretls, mta_sts, dane, dnssec, requiretls_safe, "
            "requiretls_safe_for_all FROM outpost.tls_abilities('" +
            account + "', ARRAY[" + recipients + "])"
        );
    };
    CHECK(ask("shop", "'a@SAFE.example'") == "safe.example yes yes unknown yes unknown true true");
    CHECK(
        ask("shop", "'a@safe.example', 'b@unverified.example', 'c@silent.example'") ==
        "safe.example yes yes unknown yes unknown true false\n"
        "unverified.example yes yes unknown no unknown false false\n"
        "silent.example yes no unknown yes unknown false false"
    );
    CHECK(
        ask("shop", "'a@new.example'") ==
        "new.example unknown unknown unknown unknown unknown false false"
    );
    // Whom others write to is not told.
    CHECK(
        ask("other", "'a@safe.example'") ==
        "safe.example unknown unknown unknown unknown unknown false false"
    );
    CHECK(
        written.database.refusal("SELECT outpost.tls_abilities('shop', ARRAY['nobody'])") == "22023"
    );
}

TEST_CASE("what if TLS were required: the query of the manual's cookbook") {
    Node written;
    written.writes({
        learned({}, requiretls(true, true), noon, "example.com"),
        learned({}, starttls(true), noon, "example.org"),
    });
    written.writes({learned({}, starttls(false), noon + 2h, "example.org")});
    const std::string manual = read_text(source_root() / "deploy/manual/sql.md");
    const auto from = manual.find("SELECT", manual.find("-- What if I required TLS"));
    REQUIRE(from != std::string::npos);
    const std::string query = manual.substr(from, manual.find(';', from) - from);
    CHECK(
        written.database.sql(query) ==
        "example.org false - 2026-11-12T14:00:00+00:00 2026-11-12T14:00:00+00:00\n"
        "example.com true true 2026-11-12T12:00:00+00:00 -"
    );
}

TEST_CASE("a submitter may ask about recipients and see nothing else; readers see the views") {
    EvidenceDatabase database;
    const std::string ask = "SELECT * FROM outpost.tls_abilities('shop', ARRAY['a@b.example'])";
    database.session.exec_script("SET ROLE outpost_submitter");
    CHECK(database.refusal(ask).empty());
    for (const char* view :
         {"domain_abilities", "domain_ability_changes", "tls_results", "tls_failures"})
        CHECK(database.refusal(std::string("SELECT * FROM outpost.") + view) == "42501");
    database.session.exec_script("SET ROLE outpost_reader");
    CHECK(database.refusal(ask) == "42501");
    for (const char* view :
         {"domain_abilities", "domain_ability_changes", "tls_results", "tls_failures"})
        CHECK(database.refusal(std::string("SELECT * FROM outpost.") + view).empty());
    database.session.exec_script("RESET ROLE");
}

TEST_CASE("every column of the views has a comment") {
    EvidenceDatabase database;
    CHECK(
        database.sql("SELECT c.relname, a.attname FROM pg_attribute a JOIN pg_class c ON c.oid = "
                     "a.attrelid WHERE c.relnamespace = 'outpost'::regnamespace AND c.relname IN "
                     "('tls_results', 'tls_failures', 'domain_abilities', "
                     "'domain_ability_changes') AND a.attnum > 0 AND "
                     "col_description(a.attrelid, a.attnum) IS NULL") == ""
    );
}

TEST_CASE("what is old is deleted, with its failures, once its reports are planned") {
    Node written;
    const auto now = std::chrono::time_point_cast<WallTime::duration>(WallClock::now());
    written.writes({
        learned({sts("example.org", 1, {expired()})}, starttls(true), now - 24h * 40),
        learned({sts("example.org", 1, {expired()})}, starttls(true), now, "new.example"),
    });
    written.database.session.exec_script("UPDATE outpost_private.tls_result SET planned = true");
    while (expire(written.database.session, {})) {
    }
    const std::string domains = "SELECT DISTINCT recipient_domain FROM outpost.";
    CHECK(written.database.sql(domains + "tls_results") == "new.example");
    CHECK(written.database.sql(domains + "tls_failures") == "new.example");
    CHECK(written.database.sql("SELECT count(*) FROM outpost.domain_abilities") == "2");
    while (expire(written.database.session, {std::chrono::days(30), std::chrono::days(30)})) {
    }
    CHECK(written.database.sql("SELECT domain FROM outpost.domain_abilities") == "new.example");
}
