// SPDX-License-Identifier: Apache-2.0
#include "core/delivery/queue/bounces.hpp"

#include <utility>

namespace outpost::queue {
namespace {

using db::Statement;

constexpr int batch = 500;

const Statement note_call{"note_bounce", R"(
    SELECT outpost_private.note_bounce($1::int8, $2::int4, $3, $4, $5, $6, $7,
        make_interval(secs => $8::float8))
)"};
const Statement expire_call{"expire_bounces", R"(
    SELECT outpost_private.expire_bounces(make_interval(secs => $1::float8), $2::int4)
)"};

bool note_bounce(db::Session& session, const Bounce& bounce) {
    const auto& report = bounce.report;
    const std::string status = report.status ? report.status->text() : "";
    std::optional<double> suppress_for;
    if (bounce.suppress_for) suppress_for = static_cast<double>(bounce.suppress_for->count());
    return session
        .exec(
            note_call, to_number(bounce.recipient.message), bounce.recipient.number,
            std::string(name(report.action)), status, report.diagnostic, report.remote_mta,
            bounce.reporting_mta, suppress_for
        )
        .at(0)
        .flag(0);
}

}  // namespace

awaitable<bool> PgBounces::note(Bounce bounce) {
    const auto write = [bounce = std::move(bounce)](db::Session& session) {
        return note_bounce(session, bounce);
    };
    co_return co_await pool_.run(write);
}

bool expire_bounces(db::Session& session, std::chrono::seconds age) {
    return session.exec(expire_call, static_cast<double>(age.count()), batch).at(0).number(0) >=
           batch;
}

}  // namespace outpost::queue
