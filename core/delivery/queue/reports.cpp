// SPDX-License-Identifier: Apache-2.0
#include "core/delivery/queue/reports.hpp"

#include <fmt/format.h>

#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "core/delivery/queue/insert.hpp"
#include "core/delivery/queue/load.hpp"
#include "core/delivery/queue/message_ids.hpp"
#include "core/mail/dsn/dsn.hpp"
#include "core/mail/message/header.hpp"
#include "core/mail/message/submission.hpp"

namespace outpost::queue {
namespace {

using db::Statement;
using dsn::DsnAction;

/// Reports of one origin: which message is owed some, what there is to tell of its recipients, and
/// that it was told. The message's row is the lock of its reports: two nodes never write about the
/// same message at once.
struct Debts {
    bool by_others;  ///< what others say, who try on as long as they like
    Statement pick_message;
    Statement lock_recipients;  ///< columns as `recipient_of` reads them
    Statement clear;            ///< of these rows only: more may have come meanwhile
};

// What became of attempts.
const Debts of_attempts{
    false,
    {"report_pick_message", R"(
    SELECT m.id FROM outpost_private.message m
    WHERE m.id IN (
        SELECT r.message_id FROM outpost_private.recipient r
        WHERE r.report IS NOT NULL ORDER BY r.message_id LIMIT 100)
    LIMIT 1 FOR UPDATE SKIP LOCKED
)"},
    {"report_lock_recipients", R"(
    SELECT number, address, orcpt, report, last_status, last_remote_host, last_remote_ip,
        last_reply_code, last_reply, last_attempt_at, '', ''
    FROM outpost_private.recipient
    WHERE message_id = $1 AND report IS NOT NULL ORDER BY number FOR UPDATE
)"},
    {"report_clear", R"(
    UPDATE outpost_private.recipient SET report = NULL
    WHERE message_id = $1 AND (number, report) IN (SELECT * FROM unnest($2::int4[], $3::text[]))
)"}
};

// What came back later. Who is still being tried, or has failed, hears of that: only a delivery
// that is settled leaves it to others to tell how it ended.
const Debts of_bounces{
    true,
    {"report_pick_bounced", R"(
    SELECT m.id FROM outpost_private.message m
    WHERE m.id IN (
        SELECT b.message_id FROM outpost_private.bounce b
        JOIN outpost_private.recipient r ON r.message_id = b.message_id AND r.number = b.number
        WHERE b.report_owed AND r.state = 'delivered' ORDER BY b.message_id LIMIT 100)
    LIMIT 1 FOR UPDATE SKIP LOCKED
)"},
    {"report_lock_bounces", R"(
    SELECT b.number, r.address, r.orcpt, b.action,
        CASE WHEN b.status <> '' THEN b.status WHEN b.action = 'failed' THEN '5.0.0'
            WHEN b.action = 'delayed' THEN '4.0.0' ELSE '2.0.0' END,
        b.remote_mta, '', substring(b.diagnostic FROM '^[2-5][0-9][0-9]\y')::int4, b.diagnostic,
        r.last_attempt_at, r.last_remote_host, b.reporting_mta
    FROM outpost_private.bounce b
    JOIN outpost_private.recipient r ON r.message_id = b.message_id AND r.number = b.number
    WHERE b.message_id = $1 AND b.report_owed AND r.state = 'delivered'
    ORDER BY b.number, b.first_received_at
)"},
    {"report_clear_bounces", R"(
    UPDATE outpost_private.bounce SET report_owed = false, reported_at = clock_timestamp()
    WHERE message_id = $1 AND (number, action) IN (SELECT * FROM unnest($2::int4[], $3::text[]))
)"}
};

const Statement note_double_bounces{"report_double_bounces", R"(
    INSERT INTO outpost_private.double_bounce (message_id, number, address, status, reply)
    SELECT message_id, number, address, last_status, last_reply
    FROM outpost_private.recipient
    WHERE message_id = $1 AND number = ANY ($2::int4[]) AND report = 'failed'
)"};
const Statement free_content{"report_free_content", R"(
    SELECT outpost_private.free_content(ARRAY[$1::int8])
)"};

DsnAction action_of(std::string_view report) {
    if (report == "delayed") return DsnAction::delayed;
    if (report == "delivered") return DsnAction::delivered;
    if (report == "relayed") return DsnAction::relayed;
    if (report == "expanded") return DsnAction::expanded;
    return DsnAction::failed;
}

/// What a report of others tells, the delivery that it follows being ours.
std::string reported_by(const db::Row& row) {
    const auto or_unnamed = [](std::string_view name) { return name.empty() ? "a server" : name; };
    return fmt::format(
        "{} had accepted the message, and {} has reported this later", or_unnamed(row.view(10)),
        or_unnamed(row.view(11))
    );
}

/// `retry_until` is of attempts that we make: when others give up is not known.
dsn::DsnRecipient recipient_of(const db::Row& row, std::optional<WallTime> retry_until) {
    dsn::DsnRecipient recipient;
    recipient.address = mail::Address::parse(row.view(1)).value_or(mail::Address());
    recipient.orcpt = row.text(2);
    recipient.action = action_of(row.view(3));
    recipient.status = row.text(4);
    recipient.remote_host = row.text(5);
    recipient.remote_ip = row.text(6);
    // With a code the words are the remote's; without one they are ours.
    if (row.is_null(7))
        recipient.reason = row.text(8);
    else
        recipient.diagnostic.push_back(row.text(8));
    recipient.last_attempt = row.optional_time(9).value_or(WallTime{});
    if (recipient.action == DsnAction::delayed && retry_until)
        recipient.will_retry_until = *retry_until;
    if (!retry_until) {
        const auto words = recipient.reason.empty() ? "" : ": " + recipient.reason;
        recipient.reason = reported_by(row) + words;
    }
    return recipient;
}

/// Otherwise the body is not read at all.
bool goes_back_whole(const delivery::Message& original, const ReportSettings& settings) {
    return original.returned() == delivery::Ret::full && original.size <= settings.max_original;
}

dsn::DsnFacts facts_of(
    const delivery::Message& original, const db::Rows& rows, std::optional<WallTime> retry_until,
    const ReportSettings& settings
) {
    dsn::DsnFacts facts;
    facts.reporting_mta = settings.reporting_mta;
    facts.to = original.mail_from;
    facts.envid = original.envid;
    facts.arrival = original.submitted_at;
    facts.smtputf8 = original.smtputf8;
    facts.eightbit = original.eightbit;
    facts.ret = original.returned();
    facts.original_header = original.content->header();
    const auto id = mail::find_field(facts.original_header, "Message-ID");
    if (id) facts.original_message_id = id->value();
    // The body is gone when all recipients had come to an end before a bounce came.
    if (goes_back_whole(original, settings) && is_whole(original))
        facts.original = original.content;
    for (const db::Row row : rows)
        facts.recipients.push_back(recipient_of(row, retry_until));
    facts.now = WallClock::now();
    return facts;
}

struct SignedReport {
    mail::ContentPtr content;
    std::string by;
};

/// As all mail that is queued: with the signatures of its author's domain, if that has keys.
SignedReport signed_report(const dsn::DsnFacts& facts, const dkim::Signer* signer) {
    auto report = dsn::compose_dsn(facts);
    if (signer == nullptr) return {std::make_shared<const mail::Content>(std::move(report)), {}};
    const std::string nobody;
    const mail::Address null_sender;
    const mail::Header header(report.header());
    const dkim::Unsigned message{header, report.body(), nobody, null_sender, facts.now};
    auto made = signer->sign(message);
    return {
        std::make_shared<const mail::Content>(made.fields + report.header(), report.body()),
        std::move(made.by)
    };
}

Insertion report_message(const delivery::Message& original, SignedReport report, MessageId id) {
    auto& content = report.content;
    NewMessage message;
    message.id = id;
    delivery::Notify never;
    never.never = true;
    message.recipients.push_back({original.mail_from, never, {}});
    message.smtputf8 = mail::has_eightbit(content->header());
    message.eightbit = mail::has_eightbit(*content);
    // RFC 8689 section 5: a report tells much of its message, so it is protected in the same way.
    if (original.tls_wish == delivery::TlsWish::required) {
        message.tls_wish = delivery::TlsWish::required;
        message.ret = delivery::Ret::headers;
    }
    message.source = "dsn";
    message.client = "report on message " + std::to_string(to_number(original.id));
    const auto message_id = mail::find_field(content->header(), "Message-ID");
    if (message_id) message.message_id = message_id->value();
    message.content = std::move(content);
    message.signed_by = std::move(report.by);
    return {std::make_shared<const NewMessage>(std::move(message))};
}

/// The rows that a report is about, as arrays for the statement that takes the debts off.
struct Told {
    std::vector<std::int32_t> numbers;
    std::vector<std::string> reports;

    explicit Told(const db::Rows& rows) {
        for (const db::Row row : rows) {
            numbers.push_back(static_cast<std::int32_t>(row.number(0)));
            reports.push_back(row.text(3));
        }
    }
};

bool write_one(db::Session& session, const Debts& debts, const ReportSettings& settings) {
    db::Transaction transaction(session);
    const db::Rows picked = session.exec(debts.pick_message);
    if (picked.empty()) return false;
    const MessageId id{picked.at(0).number(0)};
    const db::Rows rows = session.exec(debts.lock_recipients, to_number(id));
    if (rows.empty()) return true;  // another node was faster; there may be more
    const Told told(rows);
    auto original = load_header(session, id);
    if (original && goes_back_whole(*original, settings)) original = load_message(session, id);
    if (original && original->mail_from.is_null()) {
        session.exec(note_double_bounces, to_number(id), told.numbers);
    } else if (original) {
        const auto retry_until =
            debts.by_others ? std::nullopt
                            : std::optional(original->due_from + settings.retry.give_up_after);
        const dsn::DsnFacts facts = facts_of(*original, rows, retry_until, settings);
        Insertion report = report_message(
            *original, signed_report(facts, settings.signer.get()), next_message_id(session)
        );
        insert_messages(session, std::span(&report, 1), NodeId{});
    }
    session.exec(debts.clear, to_number(id), told.numbers, told.reports);
    session.exec(free_content, to_number(id));
    transaction.commit();
    return true;
}

}  // namespace

bool write_one_report(db::Session& session, const ReportSettings& settings) {
    return write_one(session, of_attempts, settings) || write_one(session, of_bounces, settings);
}

}  // namespace outpost::queue
