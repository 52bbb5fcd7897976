// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <map>
#include <memory>
#include <string>

#include "core/net/http_server/public_server.hpp"
#include "core/server/settings/settings.hpp"
#include "core/tls_reports/receiving/tls_report_intake.hpp"

namespace outpost::server {

/// What strangers get over HTTPS: the MTA-STS policies of our domains (RFC 8461 section 3.2), and a
/// place to post TLS reports to (RFC 8460 section 3). Immutable.
class PublicSite final : public http_server::Site {
  public:
    /// `settings` have an `https` section. `intake` must outlive the site.
    PublicSite(const Settings& settings, tls_report_receiving::TlsReportIntake& intake);

    std::size_t longest_body(const http_server::RequestHead& head) const override;
    awaitable<http_server::Response> answer(http_server::Request request) override;

  private:
    bool is_report(const http_server::RequestHead& head) const;
    http_server::Response policy(const http_server::RequestHead& head) const;
    awaitable<http_server::Response> take_report(http_server::Request request);

    std::map<std::string, std::string> policies_;  ///< texts by host, "mta-sts.example.org"
    std::string report_path_;                      ///< empty: none are taken
    bool behind_web_server_;                       ///< which has the certificate
    tls_report_receiving::TlsReportIntake& intake_;
    std::shared_ptr<const tls_report_receiving::ReportScope> scope_;
};

}  // namespace outpost::server
