// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/foundation/base/clock.hpp"
#include "core/mail/tlsrpt/result.hpp"

namespace outpost::tls_report_receiving {

/// How a report came. What comes by mail is signed; by HTTPS anybody may say anything.
enum class ReportWay { mail, https };
std::string_view text(ReportWay way) noexcept;  ///< "mail", "https"

/// What a report says of one policy domain of ours.
struct ReportedPolicy {
    struct Failure {
        std::string type;              ///< result-type, perhaps none that RFC 8460 knows
        tlsrpt::FailureDetail detail;  ///< all but its type
        bool operator==(const Failure&) const = default;
    };
    tlsrpt::Policy policy;  ///< its domain in A-labels
    bool of_host = false;   ///< the policy domain is a host of ours
    std::int64_t successes = 0, failures = 0;
    std::vector<Failure> details;
    bool operator==(const ReportedPolicy&) const = default;
};

/// A TLS report (RFC 8460) that others sent, as it is kept. Texts have no controls.
struct TlsReport {
    ReportWay way = ReportWay::mail;
    /// Within whose reports ids are unique: the domain of the author, or the organization that a
    /// report by HTTPS names.
    std::string submitter;
    std::string report_id;  ///< never empty: a report without is known by a hash of its text
    std::string organization, contact;
    WallTime begin{}, end{};
    std::string from_domain, mail_from;    ///< by mail
    std::string client;                    ///< who handed it in, for people
    std::string header;                    ///< of the mail, with our fields on top
    std::string json_gzip;                 ///< the whole report
    std::int64_t octets = 0;               ///< of its JSON text
    std::vector<ReportedPolicy> policies;  ///< those that are ours
};

}  // namespace outpost::tls_report_receiving
