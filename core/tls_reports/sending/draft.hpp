// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <set>
#include <string>
#include <vector>

#include "core/foundation/base/result.hpp"
#include "core/mail/message/address.hpp"
#include "core/mail/tlsrpt/record.hpp"
#include "core/mail/tlsrpt/report_plan.hpp"
#include "core/tls_reports/sending/settings.hpp"

namespace outpost::tls_reports {

/// A place as people and PostgreSQL have it: "mailto:ADDRESS".
std::string place_of(const mail::Address& address);
/// All that a record names.
tlsrpt::Places places_of(const tlsrpt::Record& record);

/// What is known when a report is made.
struct Material {
    std::vector<tlsrpt::DayRow> rows;  ///< those that belong to the report; more do no harm
    tlsrpt::SentReports sent;          ///< for one to a domain of MX hosts: those to its recipients
    tlsrpt::Places suppressed;         ///< of the record's places
};

/// A report and where it goes: to one place at least, and to the first 20 of the record.
struct Draft {
    tlsrpt::ReportKey key;
    tlsrpt::Report report;
    std::vector<mail::Address> mail;
    std::vector<std::string> https;
    std::vector<std::string> suppressed;  ///< places that would have got it
    tlsrpt::Places places;                ///< all that the record names
};

/// What to send to whom; the error is why nothing is sent, for people. Pure. `settings` must have
/// a submitter.
Result<Draft> draft(
    const tlsrpt::ReportKey& key, const tlsrpt::Record& record, const Material& material,
    const Settings& settings
);

}  // namespace outpost::tls_reports
