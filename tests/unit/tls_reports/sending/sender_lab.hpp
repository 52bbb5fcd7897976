// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <fmt/format.h>

#include <deque>
#include <mutex>
#include <string>
#include <vector>

#include "core/tls_reports/sending/marks.hpp"
#include "core/tls_reports/sending/sender.hpp"
#include "tests/support/run.hpp"
#include "tests/support/zone_resolver.hpp"
#include "tests/unit/tls_reports/results/evidence_database.hpp"
#include "tests/unit/tls_reports/sending/samples.hpp"

namespace outpost::test {

/// Answers posts with the statuses it is told, the last one for ever.
class FakeClient final : public http_client::Client {
  public:
    awaitable<Result<http_client::Response, http_client::Failure>> send(
        http_client::Request request, Deadline
    ) override {
        requests.push_back(std::move(request));
        const int status = statuses.front();
        if (statuses.size() > 1) statuses.pop_front();
        if (status == 0)
            co_return Err{http_client::Failure{http_client::Failure::Kind::stopped, "stopping"}};
        co_return http_client::Response{status, {}, {}};
    }
    void stop() override {}

    std::deque<int> statuses{200};
    std::vector<http_client::Request> requests;
};

/// A database with results of yesterday, and nodes that send reports of them.
class SenderLab {
  public:
    SenderLab() : pool(database.settings, 2) {}
    ~SenderLab() { pool.stop(); }

    /// Two sessions that went well, and so many that failed, `ago` days ago.
    void result(
        const std::string& recipient, const std::string& policy_domain = {},
        std::int64_t failures = 1, int ago = 1, bool causes_report = true
    ) {
        const bool of_host = !policy_domain.empty();
        does(fmt::format(
            "INSERT INTO outpost_private.tls_result (day, policy_domain, recipient_domain, "
            "of_host, "
            "policy_hash, policy_type, policy_strings, mx_hosts, successes, failures, send_report) "
            "VALUES ((now() AT TIME ZONE 'UTC')::date - {}, '{}', '{}', {}, '\\x00', '{}', "
            "'{{mode: enforce}}', '{{}}', 2, {}, {})",
            ago, of_host ? policy_domain : recipient, recipient, of_host, of_host ? "tlsa" : "sts",
            failures, causes_report
        ));
    }
    void record(const std::string& domain, const std::string& rua) {
        zone->add("_smtp._tls." + domain, dns::Type::txt, {"v=TLSRPTv1; rua=" + rua});
    }

    void does(const std::string& statement) { database.session.exec_script(statement); }

    /// All that is due is done, and what is planned is due.
    void send() {
        tls_reports::plan(database.session, settings, 0.5);
        tls_reports::hurry(database.session, {});
        finish_rounds();
    }
    void finish_rounds() {
        while (run(loop, tls_reports::make_round(pool, zone, settings))) {
        }
        while (run(loop, tls_reports::post_round(pool, client))) {
        }
    }
    std::string reports() {
        return database.sql(
            "SELECT domain || CASE about WHEN 'mx host' THEN ' (host)' ELSE '' END AS name, state, "
            "reason FROM outpost.tls_reports_sent ORDER BY day, about, domain"
        );
    }
    std::string places() {
        return database.sql(
            "SELECT place, state, reason FROM outpost.tls_report_places ORDER BY domain, place"
        );
    }
    std::string messages() {
        return database.sql("SELECT count(*) FROM outpost.messages WHERE source = 'tlsrpt'");
    }

    EvidenceDatabase database;
    db::Pool pool;
    tls_reports::Settings settings = sending();
    std::shared_ptr<ZoneResolver> zone = std::make_shared<ZoneResolver>();
    std::shared_ptr<FakeClient> client = std::make_shared<FakeClient>();
    asio::io_context loop;
};

}  // namespace outpost::test
