// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

#include "core/tls_reports/receiving/tls_report_rules.hpp"

/// Reports as others write them, and whom we take them for.
namespace outpost::test {

inline tls_report_receiving::ReportScope sample_scope() {
    return {{"example.org", "xn--bcher-kva.example"}, {"mx.example.org"}};
}

/// Of a domain of ours, of a host of ours, and of a stranger's domain; with a failure that RFC 8460
/// does not know.
inline std::string sample_report(const std::string& id = "2026-11-25_example.org") {
    return R"({
  "organization-name": "Company-X",
  "date-range": {"start-datetime": "2026-11-25T00:00:00Z", "end-datetime": "2026-11-25T23:59:59Z"},
  "contact-info": "sts-reporting@company-x.example",
  "report-id": ")" +
           id + R"(",
  "policies": [
    {"policy": {"policy-type": "sts", "policy-domain": "Example.ORG", "mx-host": "*.example.org",
                "policy-string": ["version: STSv1", "mode: testing", "mx: *.example.org"]},
     "summary": {"total-successful-session-count": 5326, "total-failure-session-count": 303},
     "failure-details": [
       {"result-type": "certificate-expired", "sending-mta-ip": "2001:db8:abcd:12::1",
        "receiving-mx-hostname": "mx.example.org", "failed-session-count": 100},
       {"result-type": "moon-in-the-wrong-phase", "sending-mta-ip": "198.51.100.62",
        "receiving-ip": "203.0.113.58", "failed-session-count": 3,
        "failure-reason-code": "X509_V_ERR"}]},
    {"policy": {"policy-type": "tlsa", "policy-domain": "mx.example.org", "policy-string": []},
     "summary": {"total-successful-session-count": 7, "total-failure-session-count": 0}},
    {"policy": {"policy-type": "no-policy-found", "policy-domain": "stranger.example"},
     "summary": {"total-successful-session-count": 9, "total-failure-session-count": 0}}]
})";
}

}  // namespace outpost::test
