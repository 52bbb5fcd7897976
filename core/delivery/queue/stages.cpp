// SPDX-License-Identifier: Apache-2.0
#include "core/delivery/queue/stages.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "core/delivery/queue/lease_columns.hpp"

namespace outpost::queue {
namespace {

using db::Statement;

const Statement note_stage{"note_stage", R"(
    UPDATE outpost_private.recipient r SET stage = l.stage, on_uncertain = l.policy
    FROM unnest($1::int8[], $2::int4[], $3::int8[], $4::text[], $5::text[])
        AS l (m, n, t, stage, policy)
    WHERE r.message_id = l.m AND r.number = l.n AND r.lease_token = l.t AND r.state = 'leased'
    RETURNING r.message_id, r.number
)"};
// Waits for nobody, and so is never one of two that wait for each other: a recipient that is locked
// just now is being settled, and needs no stage any more.
const Statement mark_stage{"mark_stage", R"(
    UPDATE outpost_private.recipient r SET stage = l.stage
    FROM (
        SELECT t.message_id, t.number, l.stage
        FROM unnest($1::int8[], $2::int4[], $3::int8[], $4::text[]) AS l (m, n, t, stage)
            JOIN outpost_private.recipient t ON t.message_id = l.m AND t.number = l.n
        WHERE t.lease_token = l.t AND t.state = 'leased' AND t.stage <> 'final_dot'
        FOR UPDATE OF t SKIP LOCKED) l
    WHERE r.message_id = l.message_id AND r.number = l.number
)"};

std::vector<bool> write_notes(db::Session& session, std::span<Stages::Note> batch) {
    LeaseColumns l;
    std::vector<std::string> stages, policies;
    for (const Stages::Note& note : batch) {
        for (const Lease& lease : note.leases) {
            l.add(lease.key, lease.token);
            stages.emplace_back(delivery::to_string(note.stage));
            policies.push_back(note.on_uncertain);
        }
    }
    db::Transaction transaction(session);
    std::set<RecipientKey> noted;
    for (const db::Row row :
         session.exec(note_stage, l.message, l.number, l.token, stages, policies)) {
        noted.insert({MessageId{row.number(0)}, static_cast<std::int32_t>(row.number(1))});
    }
    transaction.commit();
    std::vector<bool> held;
    for (const Stages::Note& note : batch) {
        held.push_back(std::all_of(note.leases.begin(), note.leases.end(), [&](const Lease& lease) {
            return noted.contains(lease.key);
        }));
    }
    return held;
}

}  // namespace

Stages::Stages(db::Pool& pool) : pool_(pool), notes_(pool, write_notes) {}

void Stages::progress(const std::vector<Lease>& leases, delivery::Stage stage) {
    const std::lock_guard lock(mutex_);
    for (const Lease& lease : leases)
        gathered_[lease.key] = {lease.token, stage};
}

void Stages::forget(const RecipientKey& key) {
    const std::lock_guard lock(mutex_);
    gathered_.erase(key);
}

Stages::Gathered Stages::take() {
    const std::lock_guard lock(mutex_);
    return std::exchange(gathered_, {});
}

void Stages::write(db::Session& session, const Gathered& gathered) {
    LeaseColumns l;
    std::vector<std::string> stages;
    for (const auto& [key, reached] : gathered) {
        l.add(key, reached.token);
        stages.emplace_back(delivery::to_string(reached.stage));
    }
    db::Transaction transaction(session, db::Durability::asynchronous);
    session.exec(mark_stage, l.message, l.number, l.token, stages);
    transaction.commit();
}

void Stages::write(db::Session& session) {
    const Gathered gathered = take();
    if (!gathered.empty()) write(session, gathered);
}

void Stages::flush() {
    Gathered gathered = take();
    if (gathered.empty()) return;
    const auto work = [gathered = std::move(gathered)](db::Session& session) {
        write(session, gathered);
    };
    pool_.post(work, [](const std::exception_ptr&) {});  // the next stage tells more
}

awaitable<bool> Stages::write(Note note) {
    for (const Lease& lease : note.leases)
        forget(lease.key);
    co_return co_await notes_.submit(std::move(note));
}

}  // namespace outpost::queue
