// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <chrono>
#include <iostream>
#include <optional>
#include <thread>

#include "core/cli/commands.hpp"
#include "core/foundation/async/run_to_end.hpp"
#include "core/foundation/base/log.hpp"
#include "core/foundation/database/session.hpp"
#include "core/net/dns/stub_resolver.hpp"
#include "core/server/node/tls_reporting.hpp"
#include "core/tls_reports/sending/days.hpp"
#include "core/tls_reports/sending/look_up.hpp"
#include "core/tls_reports/sending/marks.hpp"
#include "core/tls_reports/sending/material.hpp"

namespace outpost::cli {
namespace {

using namespace std::chrono_literals;
using db::Statement;
using tls_reports::Draft;
using tlsrpt::ReportKey;

// A reason is there once it has been tried and put off; MX hosts may have to wait for that.
const Statement is_waiting{"cli_tlsrpt_waiting", R"(
    SELECT FROM outpost_private.tls_report r WHERE id = ANY ($1::int8[]) AND (
        (state = 'due' AND reason = '' AND NOT (to_host AND EXISTS (
            SELECT FROM outpost_private.tls_report b
            WHERE b.day = r.day AND NOT b.to_host AND b.state = 'due' AND b.reason <> '')))
        OR (state = 'sending' AND EXISTS (
            SELECT FROM outpost_private.tls_report_place p
            WHERE p.report_id = r.id AND p.state = 'posting' AND p.reason = '')))
    LIMIT 1
)"};
const Statement outcomes{"cli_tlsrpt_outcomes", R"(
    SELECT id, day::text, domain, about, state, coalesce(reason, '') FROM outpost.tls_reports_sent
    WHERE id = ANY ($1::int8[]) ORDER BY day, about, domain
)"};
const Statement outcomes_at_places{"cli_tlsrpt_places", R"(
    SELECT place, state, coalesce(message_id::text, ''), coalesce(reason, '')
    FROM outpost.tls_report_places WHERE report_id = $1::int8 ORDER BY place
)"};

constexpr std::chrono::seconds look_up_time{30};
/// For the nodes to look up records and post reports.
constexpr auto longest_wait = 180s;

Result<tls_reports::Selection> selection_of(const SendReportsOptions& options) {
    tls_reports::Selection selection;
    if (!options.day.empty()) {
        selection.day = tls_reports::parse_day(options.day);
        if (!selection.day) return Err{"'" + options.day + "' is no day: write 2026-11-25"};
    }
    if (!options.domain.empty()) {
        const auto domain = dns::Domain::parse(options.domain);
        if (!domain) return Err{"'" + options.domain + "' is no domain: " + domain.error()};
        selection.domain = domain->ascii();
    }
    return selection;
}

std::string title(const ReportKey& key) {
    return fmt::format(
        "{}  {}{}", tls_reports::text(key.day), log::printable(key.domain),
        key.to_host ? " (MX hosts)" : ""
    );
}

Result<tlsrpt::Record, tls_reports::NoRecord> look_up(
    const std::string& domain, dns::Resolver& resolver
) {
    asio::io_context loop;
    return run_to_end(loop, tls_reports::look_up(domain, resolver, Deadline::in(look_up_time)));
}

void print(const Draft& draft) {
    std::cout << title(draft.key) << "\n";
    for (const auto& address : draft.mail)
        std::cout << "  to " << log::printable(tls_reports::place_of(address)) << "\n";
    for (const auto& uri : draft.https)
        std::cout << "  to " << log::printable(uri) << "\n";
    for (const auto& place : draft.suppressed)
        std::cout << "  not to " << log::printable(place) << ", which is suppressed\n";
    std::cout << tlsrpt::write_json(draft.report) << "\n";
}

/// As nodes do it, one after the other: what goes to recipient domains is left out for MX hosts.
int show(
    db::Session& session, const server::Settings& settings, const tls_reports::Selection& selection
) {
    const auto rules = server::tls_report_settings(settings);
    if (!rules.submitter) {
        std::cerr << "outpost tlsrpt send: no domain signs by DKIM that could submit reports\n";
        return failed;
    }
    const auto resolver = dns::make_resolver(settings.dns);
    tlsrpt::SentReports sent;
    for (const ReportKey& key : tls_reports::owed(session, rules)) {
        if (!selection.matches(key)) continue;
        const auto record = look_up(key.domain, *resolver);
        if (!record) {
            std::cout << title(key) << ": none, " << log::printable(record.error().reason) << "\n";
            continue;
        }
        auto material = tls_reports::load_material(session, key, *record);
        material.sent.insert(sent.begin(), sent.end());
        const auto made = tls_reports::draft(key, *record, material, rules);
        if (!made) {
            std::cout << title(key) << ": none, " << made.error() << "\n";
            continue;
        }
        if (!key.to_host) sent[{key.day, key.domain}] = made->places;
        print(*made);
    }
    return ok;
}

int tell(db::Session& session, const std::vector<std::int64_t>& ids) {
    for (const db::Row row : session.exec(outcomes, ids)) {
        std::cout << fmt::format(
            "{}  {}{}: {}", row.text(1), log::printable(row.text(2)),
            row.view(3) == "mx host" ? " (MX hosts)" : "", row.text(4)
        );
        if (!row.view(5).empty()) std::cout << ", " << log::printable(row.text(5));
        std::cout << "\n";
        for (const db::Row place : session.exec(outcomes_at_places, row.number(0))) {
            std::cout << "  " << log::printable(place.text(0)) << " " << place.text(1);
            if (!place.view(2).empty()) std::cout << " as message " << place.text(2);
            if (!place.view(3).empty()) std::cout << ", " << log::printable(place.text(3));
            std::cout << "\n";
        }
    }
    std::cout << ids.size() << (ids.size() == 1 ? " report\n" : " reports\n");
    return ok;
}

int send(
    db::Session& session, const server::Settings& settings, const tls_reports::Selection& selection
) {
    if (!settings.tls_reports.send) {
        std::cerr << "outpost tlsrpt send: tls_reports.send is false\n";
        return failed;
    }
    tls_reports::plan(session, server::tls_report_settings(settings), 0.5);
    const auto ids = tls_reports::hurry(session, selection);
    const auto until = std::chrono::steady_clock::now() + longest_wait;
    while (!session.exec(is_waiting, ids).empty()) {
        if (std::chrono::steady_clock::now() > until) {
            tell(session, ids);
            std::cerr << "outpost tlsrpt send: not all is done yet; is a node running?\n";
            return unavailable;
        }
        std::this_thread::sleep_for(200ms);
    }
    return tell(session, ids);
}

}  // namespace

int tlsrpt_send(const server::Loaded& loaded, const SendReportsOptions& options) {
    const auto selection = selection_of(options);
    if (!selection) {
        std::cerr << "outpost tlsrpt send: " << selection.error() << "\n";
        return usage;
    }
    try {
        db::Session session(loaded.settings.database);
        return options.dry_run ? show(session, loaded.settings, *selection)
                               : send(session, loaded.settings, *selection);
    } catch (const db::Error& error) {
        std::cerr << "outpost tlsrpt send: " << error.what() << "\n";
        return failed;
    }
}

}  // namespace outpost::cli
