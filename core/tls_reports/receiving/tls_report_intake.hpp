// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <asio/thread_pool.hpp>

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "core/foundation/metrics/registry.hpp"
#include "core/mail/tlsrpt/report_message.hpp"
#include "core/tls_reports/receiving/tls_report_rules.hpp"
#include "core/tls_reports/receiving/tls_report_store.hpp"

namespace outpost::tls_report_receiving {

/// Takes TLS reports in, whichever way they come: reads them on a thread of its own, one at a time
/// (a report may be 20 MiB of JSON), keeps them, counts what became of them. Thread-safe.
class TlsReportIntake {
  public:
    /// Both must outlive it.
    TlsReportIntake(TlsReportStore& store, metrics::Registry& metrics)
        : store_(store), metrics_(metrics) {}
    ~TlsReportIntake();

    /// Whom it is from, filled in beside what the report itself says.
    struct Origin {
        ReportWay way = ReportWay::mail;
        std::string from_domain, mail_from;  ///< by mail
        std::string client;
        std::string header;
        std::vector<ReportQuota> quotas;
    };
    /// Where the JSON text comes from. Called on the thread for reading; may take its time.
    using Text = std::function<Result<std::string, tlsrpt::NoReport>()>;

    /// Throws when the database is away.
    awaitable<ReportOutcome> take(
        Text text, Origin origin, std::shared_ptr<const ReportScope> scope
    );
    /// Counts a report that was refused before it was read.
    void count(ReportWay way, ReportOutcome::Kind kind);

  private:
    using Sessions = std::map<std::string, std::int64_t>;  ///< by "success" or type of failure
    static Sessions sessions_in(const TlsReport& report);
    void count(const Sessions& sessions);

    TlsReportStore& store_;
    metrics::Registry& metrics_;
    asio::thread_pool reading_{1};
};

}  // namespace outpost::tls_report_receiving
