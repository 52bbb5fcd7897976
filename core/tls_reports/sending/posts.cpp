// SPDX-License-Identifier: Apache-2.0
#include "core/tls_reports/sending/posts.hpp"

#include "core/foundation/base/safe_text.hpp"

namespace outpost::tls_reports {
namespace {

using db::Statement;

const Statement claim_one{"tls_reports_claim_post", R"(
    UPDATE outpost_private.tls_report_place p
    SET token = nextval('outpost_private.lease_token'), attempts = p.attempts + 1,
        next_at = clock_timestamp() + interval '5 minutes'
    FROM (
        SELECT report_id, place FROM outpost_private.tls_report_place
        WHERE state = 'posting' AND next_at <= clock_timestamp()
        ORDER BY next_at LIMIT 1 FOR UPDATE SKIP LOCKED) d,
        outpost_private.tls_report r
    WHERE p.report_id = d.report_id AND p.place = d.place AND r.id = p.report_id
    RETURNING p.report_id, p.token, p.place, r.content, p.attempts,
        p.give_up_at <= clock_timestamp()
)"};
const Statement end_one{"tls_reports_end_post", R"(
    UPDATE outpost_private.tls_report_place
    SET state = $4, reason = $5, finished_at = clock_timestamp(), next_at = NULL
    WHERE report_id = $1 AND place = $2 AND token = $3 AND state = 'posting'
)"};
const Statement put_off_one{"tls_reports_put_off_post", R"(
    UPDATE outpost_private.tls_report_place
    SET reason = $4,
        next_at = least(clock_timestamp() + make_interval(secs => $5::float8), give_up_at)
    WHERE report_id = $1 AND place = $2 AND token = $3 AND state = 'posting'
)"};
const Statement finish{"tls_reports_finish", "SELECT outpost_private.finish_tls_reports()"};

}  // namespace

std::optional<Post> claim_post(db::Session& session) {
    const db::Rows rows = session.exec(claim_one);
    if (rows.empty()) return std::nullopt;
    const db::Row row = rows.at(0);
    Post post;
    post.report = row.number(0);
    post.token = row.number(1);
    post.uri = row.text(2);
    post.octets = row.bytes(3);
    post.attempts = static_cast<int>(row.number(4));
    post.is_last = row.flag(5);
    return post;
}

PostOutcome judge(const Result<http_client::Response, http_client::Failure>& answer) {
    PostOutcome outcome;
    if (answer) {
        outcome.arrived = answer->status >= 200 && answer->status < 300;
        if (!outcome.arrived)
            outcome.reason =
                "the server answered with HTTP status " + std::to_string(answer->status);
        return outcome;
    }
    const http_client::Failure& failure = answer.error();
    outcome.reason = safe_text(failure.text, Charset::utf8, 300);
    outcome.hopeless = failure.kind == http_client::Failure::Kind::url;
    return outcome;
}

void note(
    db::Session& session, const Post& post, const PostOutcome& outcome, std::chrono::seconds pause
) {
    if (!outcome.arrived && !outcome.hopeless && !post.is_last) {
        session.exec(
            put_off_one, post.report, post.uri, post.token, outcome.reason,
            static_cast<double>(pause.count())
        );
        return;
    }
    const char* state = outcome.arrived ? "sent" : "failed";
    session.exec(end_one, post.report, post.uri, post.token, state, outcome.reason);
    session.exec(finish);
}

}  // namespace outpost::tls_reports
