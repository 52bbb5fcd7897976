// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/foundation/database/session.hpp"
#include "core/mail/tlsrpt/report_plan.hpp"
#include "core/tls_reports/sending/settings.hpp"

/// The marks of reports in PostgreSQL (schema/steps/0106_tls_reports). Plain calls on a session;
/// all times are the database's.
namespace outpost::tls_reports {

/// Of a day, of a domain; unset: of all.
struct Selection {
    std::optional<std::chrono::sys_days> day;
    std::string domain;  ///< A-labels
    bool matches(const tlsrpt::ReportKey& key) const;
};

/// Makes the marks of reports that results of days before today are a reason for, and lays down
/// when each is made. Without a submitter they are skipped; where reports are not sent, nothing of
/// the past is owed. Returns how many were made. Any node may call it at any time.
std::size_t plan(db::Session& session, const Settings& settings, double dice);

/// A report that this caller is to make.
struct Claim {
    std::int64_t id = 0;
    std::int64_t token = 0;
    tlsrpt::ReportKey key;
    int attempts = 1;      ///< counting this one
    bool is_last = false;  ///< its time is over: if it cannot be made now, it never will be
};
/// The one that has been due for longest; it is this caller's for some minutes. One to a domain of
/// MX hosts waits until those to its recipient domains are made, since it leaves out what they
/// told.
std::optional<Claim> claim(db::Session& session);

/// It is not sent. Nothing happens when the claim was lost; so with all that follow.
void skip(db::Session& session, const Claim& claim, const std::string& reason);
/// It could not be made now: it is tried again, or given up if this was the last time.
void put_off(
    db::Session& session, const Claim& claim, const std::string& reason, std::chrono::seconds pause
);

/// Keys of the reports that are due, planned or not, in order; changes nothing.
std::vector<tlsrpt::ReportKey> owed(db::Session& session, const Settings& settings);

/// What is due is made now, not when it is its turn. Tells the nodes. Returns the marks' ids.
std::vector<std::int64_t> hurry(db::Session& session, const Selection& which);

/// Takes note of what became of mails, and deletes what is older than that.
void tidy(db::Session& session, std::chrono::days keep);

}  // namespace outpost::tls_reports
