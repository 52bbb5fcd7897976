// SPDX-License-Identifier: Apache-2.0
#include "core/tls_reports/sending/making.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <span>

#include "core/delivery/queue/insert.hpp"
#include "core/delivery/queue/message_ids.hpp"
#include "core/foundation/base/log.hpp"
#include "core/mail/tlsrpt/gzip.hpp"
#include "core/tls_reports/sending/days.hpp"
#include "core/tls_reports/sending/mail.hpp"
#include "core/tls_reports/sending/material.hpp"

namespace outpost::tls_reports {
namespace {

using db::Statement;

// First of all: whoever has lost the claim stops here, and nobody claims until the end.
const Statement take_on{"tls_reports_take_on", R"(
    UPDATE outpost_private.tls_report
    SET state = 'sending', reason = '', made_at = clock_timestamp(), report_id = $3, places = $4,
        successes = $5, failures = $6, content = $7::bytea
    WHERE id = $1 AND token = $2 AND state = 'due'
    RETURNING made_at
)"};
const Statement insert_places{"tls_reports_insert_places", R"(
    INSERT INTO outpost_private.tls_report_place (report_id, place, state, message_id, number,
        next_at, give_up_at, finished_at)
    SELECT $1::int8, place, state, nullif(message, 0), nullif(number, 0),
        CASE WHEN state = 'posting' THEN clock_timestamp() END,
        clock_timestamp() + interval '1 day',
        CASE WHEN state = 'suppressed' THEN clock_timestamp() END
    FROM unnest($2::text[], $3::text[], $4::int8[], $5::int4[]) AS n(place, state, message, number)
    ON CONFLICT DO NOTHING
)"};
const Statement tell_nodes{"tls_reports_tell_posts", "SELECT pg_notify('outpost_tls_reports', '')"};

struct PlaceColumns {
    std::vector<std::string> place, state;
    std::vector<std::int64_t> message;
    std::vector<std::int32_t> number;

    void add(std::string where, const char* its_state, std::int64_t its_message, int its_number) {
        place.push_back(std::move(where));
        state.emplace_back(its_state);
        message.push_back(its_message);
        number.push_back(its_number);
    }
};

PlaceColumns columns_of(const Draft& draft, std::int64_t message) {
    PlaceColumns columns;
    int number = 0;
    for (const mail::Address& address : draft.mail)
        columns.add(place_of(address), "queued", message, ++number);
    for (const std::string& uri : draft.https)
        columns.add(uri, "posting", 0, 0);
    for (const std::string& place : draft.suppressed)
        columns.add(place, "suppressed", 0, 0);
    return columns;
}

std::int64_t sum(const Draft& draft, std::int64_t tlsrpt::Result::* count) {
    std::int64_t all = 0;
    for (const tlsrpt::Result& result : draft.report.policies)
        all += result.*count;
    return all;
}

/// When the report was made; none if the claim was lost.
std::optional<WallTime> take(db::Session& session, const Claim& claim, const Draft& draft) {
    const std::string packed =
        draft.https.empty() ? "" : tlsrpt::gzip(tlsrpt::write_json(draft.report));
    const auto content = draft.https.empty() ? std::nullopt : std::optional(db::Bytes(packed));
    const std::string places = fmt::format("{}", fmt::join(draft.places, "\n"));
    const db::Rows rows = session.exec(
        take_on, claim.id, claim.token, draft.report.report_id, places,
        sum(draft, &tlsrpt::Result::successes), sum(draft, &tlsrpt::Result::failures), content
    );
    return rows.empty() ? std::nullopt : std::optional(rows.at(0).time(0));
}

std::int64_t queue_mail(
    db::Session& session, const Draft& draft, const Submitter& submitter, WallTime now
) {
    if (draft.mail.empty()) return 0;
    queue::NewMessage message = report_message(draft, submitter, now);
    message.id = queue::next_message_id(session);
    queue::Insertion one{std::make_shared<const queue::NewMessage>(std::move(message))};
    const auto inserted = queue::insert_messages(session, std::span(&one, 1), NodeId{});
    return to_number(inserted.at(0).id);
}

}  // namespace

void make(
    db::Session& session, const Claim& claim, const tlsrpt::Record& record, const Settings& settings
) {
    if (!settings.submitter) return skip(session, claim, "no domain signs by DKIM any more");
    const auto made = draft(claim.key, record, load_material(session, claim.key, record), settings);
    if (!made) return skip(session, claim, made.error());
    db::Transaction transaction(session);
    const auto at = take(session, claim, *made);
    if (!at) return;
    const std::int64_t message = queue_mail(session, *made, *settings.submitter, *at);
    const PlaceColumns places = columns_of(*made, message);
    session.exec(
        insert_places, claim.id, places.place, places.state, places.message, places.number
    );
    if (!made->https.empty()) session.exec(tell_nodes);
    transaction.commit();
    log::info(
        "tlsrpt", "the report on {} for {} is on its way to {} of {} places", text(claim.key.day),
        claim.key.domain, made->mail.size() + made->https.size(), made->places.size()
    );
}

}  // namespace outpost::tls_reports
