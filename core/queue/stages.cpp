// SPDX-License-Identifier: Apache-2.0
#include "core/queue/stages.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "core/queue/lease_columns.hpp"

namespace outpost::queue {
namespace {

using db::Statement;

const Statement mark_dot{"mark_final_dot", R"(
    UPDATE outpost_private.recipient r
    SET stage = 'final_dot', on_uncertain = l.policy
    FROM unnest($1::int8[], $2::int4[], $3::int8[], $4::text[]) AS l (m, n, t, policy)
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

template <class Dot>
std::vector<bool> mark_dots(db::Session& session, std::span<Dot> batch) {
    LeaseColumns l;
    std::vector<std::string> policies;
    for (const Dot& dot : batch) {
        for (const Lease& lease : dot.leases) {
            l.add(lease.key, lease.token);
            policies.push_back(dot.on_uncertain);
        }
    }
    db::Transaction transaction(session);
    std::set<RecipientKey> marked;
    for (const db::Row row : session.exec(mark_dot, l.message, l.number, l.token, policies)) {
        marked.insert({MessageId{row.number(0)}, static_cast<std::int32_t>(row.number(1))});
    }
    transaction.commit();
    std::vector<bool> held;
    for (const Dot& dot : batch) {
        held.push_back(std::all_of(dot.leases.begin(), dot.leases.end(), [&](const Lease& lease) {
            return marked.contains(lease.key);
        }));
    }
    return held;
}

}  // namespace

Stages::Stages(db::Pool& pool)
    : pool_(pool), dots_(pool, [](db::Session& session, std::span<Dot> batch) {
          return mark_dots(session, batch);
      }) {}

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
        stages.emplace_back(delivery::text(reached.stage));
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

awaitable<bool> Stages::final_dot(std::vector<Lease> leases, std::string on_uncertain) {
    for (const Lease& lease : leases)
        forget(lease.key);
    Dot dot{std::move(leases), std::move(on_uncertain)};
    co_return co_await dots_.submit(std::move(dot));
}

}  // namespace outpost::queue
