// SPDX-License-Identifier: Apache-2.0
#include "core/delivery/queue/suppressions_pg.hpp"

#include <functional>
#include <string_view>
#include <utility>

#include "core/foundation/base/log.hpp"
#include "core/mail/dsn/suppression.hpp"
#include "core/mail/message/trace.hpp"

namespace outpost::queue {
namespace {

using db::Statement;

constexpr std::chrono::minutes reading_interval{5};
constexpr int page = 10'000;

const Statement select_keys{"suppression_keys", R"(
    SELECT key FROM outpost_private.suppression WHERE key > $1 ORDER BY key LIMIT $2::int4
)"};
const Statement select_one{"suppression_of", R"(
    SELECT reason, suppressed_by, created_at, until FROM outpost_private.suppression
    WHERE key = $1 AND (until IS NULL OR until > clock_timestamp())
)"};

std::size_t hash_of(std::string_view key) {
    return std::hash<std::string_view>{}(key);
}

}  // namespace

std::string Suppression::words() const {
    std::string text = "the address gets no mail since " + mail::rfc5322_date(since);
    if (until) text += ", until " + mail::rfc5322_date(*until);
    if (!suppressed_by.empty()) text += ", as " + suppressed_by + " wants it";
    return reason.empty() ? text : text + ": " + reason;
}

bool PgSuppressions::may_hold(const mail::Address& recipient) const {
    if (!any_) return false;
    const auto hash = hash_of(dsn::suppression_key(recipient));
    const std::shared_lock lock(mutex_);
    return hashes_.contains(hash);
}

awaitable<std::optional<Suppression>> PgSuppressions::find(mail::Address recipient) {
    const auto look = [key = dsn::suppression_key(recipient)](db::Session& session) {
        std::optional<Suppression> found;
        for (const db::Row row : session.exec(select_one, key))
            found = {row.text(0), row.text(1), row.time(2), row.optional_time(3)};
        return found;
    };
    co_return co_await pool_.run(look);
}

void PgSuppressions::changed(const std::string& key) {
    if (!key.empty()) {
        const std::unique_lock lock(mutex_);
        hashes_.insert(hash_of(key));
        added_meanwhile_.push_back(hash_of(key));
        any_ = true;
        return;
    }
    stale_ = true;
    // What fails is made up for by the next tidying, seconds later.
    pool_.post([this](db::Session& session) { refresh(session); }, [](const auto&) {});
}

void PgSuppressions::refresh(db::Session& session) {
    const std::lock_guard one_at_a_time(reading_);
    if (!stale_ && SteadyClock::now() < next_reading_.load()) return;
    read_all(session);
}

void PgSuppressions::read_all(db::Session& session) {
    stale_ = false;
    {
        const std::unique_lock lock(mutex_);
        added_meanwhile_.clear();
    }
    std::unordered_set<std::size_t> hashes;
    try {
        read(session, hashes);
    } catch (...) {
        stale_ = true;
        throw;
    }
    const std::unique_lock lock(mutex_);
    hashes.insert(added_meanwhile_.begin(), added_meanwhile_.end());
    hashes_ = std::move(hashes);
    any_ = !hashes_.empty();
    added_meanwhile_.clear();
    next_reading_ = SteadyClock::now() + reading_interval;
}

void PgSuppressions::read(db::Session& session, std::unordered_set<std::size_t>& into) const {
    std::string last;
    for (bool more = true; more;) {
        const db::Rows rows = session.exec(select_keys, last, page);
        for (const db::Row row : rows) {
            into.insert(hash_of(row.view(0)));
            last = row.text(0);
        }
        more = rows.size() == static_cast<std::size_t>(page);
    }
}

}  // namespace outpost::queue
