// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "core/foundation/base/clock.hpp"
#include "core/foundation/base/result.hpp"
#include "core/mail/tlsrpt/result.hpp"

namespace outpost::tlsrpt {

/// A report as a whole (RFC 8460 section 4.4).
struct Report {
    std::string organization_name;
    std::string contact_info;
    std::string report_id;
    WallTime begin{}, end{};  ///< both belong to the period; whole seconds
    std::vector<Result> policies;
    bool operator==(const Report&) const = default;
};

/// The report as indented JSON. Lists are there even if empty; texts that are empty are not.
std::string write_json(const Report& report);

/// How much of a stranger's report is read.
struct ReportBounds {
    std::size_t octets = 20 * 1024 * 1024;
    std::size_t policies = 1000;
    std::size_t details = 10'000;    ///< of all policies together
    std::size_t strings = 200;       ///< lines or hosts of one policy; more are cut off
    std::size_t text_octets = 1000;  ///< of one text; more is cut off
};

/// A failure of a type that RFC 8460 does not know.
struct UnknownFailure {
    std::size_t policy = 0;  ///< index in Report::policies
    std::string type;
    FailureDetail detail;  ///< all but its type
    bool operator==(const UnknownFailure&) const = default;
};

struct ReceivedReport {
    Report report;
    std::vector<UnknownFailure> unknown;
};

/// Reads a report as real senders write them: what follows the JSON is ignored, members may be
/// missing, "policy-string" and "mx-host" may be one text, date-times may lack their zone. The
/// period and a list of policies must be there. Policies of an unknown type are "no policy found".
/// Controls in texts are replaced, and counts below 0 are 0. The error is a sentence.
outpost::Result<ReceivedReport> parse_report(
    std::string_view text, const ReportBounds& bounds = {}
);

}  // namespace outpost::tlsrpt
