// SPDX-License-Identifier: Apache-2.0
#include "core/delivery/queue/limits_pg.hpp"

#include <algorithm>
#include <utility>

namespace outpost::queue {
namespace {

using db::Statement;

const Statement limits_alone{"limits_alone", "SELECT outpost_private.limits_alone($1)"};
const Statement limits_publish{"limits_publish", R"(
    SELECT outpost_private.limits_publish($1, $2, $3::text[], $4::text[], $5::int4[], $6::int4[])
)"};
const Statement limits_exchange{"limits_exchange", R"(
    SELECT standing, transport, destination, slots, ceiling
    FROM outpost_private.limits_exchange(
        $1, $2, $3::text[], $4::text[], $5::int4[], $6::int4[], $7::int4[])
)"};
const Statement limits_let_go{"limits_let_go", R"(
    SELECT transport, destination, granted, retry_s
    FROM outpost_private.limits_let_go(
        $1::text[], $2::text[], $3::int4[], $4::int4[], $5::float8[], $6::float8[])
)"};

std::int32_t to_int4(std::size_t count) {
    return static_cast<std::int32_t>(std::min<std::size_t>(count, 1'000'000'000));
}
double in_seconds(std::chrono::milliseconds span) {
    return std::chrono::duration<double>(span).count();
}

struct SlotColumns {
    explicit SlotColumns(const std::vector<SlotRequest>& requests) {
        for (const SlotRequest& one : requests) {
            transport.push_back(one.key.transport);
            destination.push_back(one.key.destination);
            keep.push_back(to_int4(one.keep));
            want.push_back(to_int4(one.want));
            limit.push_back(to_int4(one.limit));
        }
    }
    std::vector<std::string> transport, destination;
    std::vector<std::int32_t> keep, want, limit;
};

LimitStanding standing_of(std::string_view text) {
    return text == "alone"     ? LimitStanding::alone
           : text == "waiting" ? LimitStanding::waiting
           : text == "shared"  ? LimitStanding::shared
                               : LimitStanding::unpublished;
}

// The first row says where the node stands, those after it speak of keys.
SlotAnswer answer_of(const db::Rows& rows) {
    SlotAnswer answer;
    answer.standing = standing_of(rows.at(0).view(0));
    for (std::size_t i = 1; i < rows.size(); ++i) {
        const db::Row row = rows.at(i);
        SlotGrant& grant = answer.grants.emplace_back();
        grant.key = {row.text(1), row.text(2)};
        grant.slots = static_cast<std::size_t>(row.number(3));
        if (const auto ceiling = row.optional_number(4))
            grant.ceiling = static_cast<std::size_t>(*ceiling);
    }
    return answer;
}

}  // namespace

// A fiftieth: so the longest that a message counts is 6 % above the interval. Shorter than a fifth
// of a second, the database's answer would often come too late.
std::chrono::milliseconds use_within(const delivery::Rate& rate) {
    const std::chrono::milliseconds interval = rate.per;
    return std::max(interval / 50, std::chrono::milliseconds(200));
}

awaitable<bool> PgLimits::alone() {
    const auto ask = [node = to_number(node_.id())](db::Session& session) {
        return session.exec(limits_alone, node).at(0).flag(0);
    };
    co_return co_await pool_.run(ask);
}

awaitable<void> PgLimits::publish(std::vector<SlotRequest> held) {
    const auto write = [node = to_number(node_.id()), round = ++round_,
                        held = SlotColumns(held)](db::Session& session) {
        session.exec(
            limits_publish, node, round, held.transport, held.destination, held.keep, held.limit
        );
    };
    co_await pool_.run(write);
}

awaitable<SlotAnswer> PgLimits::exchange(std::vector<SlotRequest> requests) {
    const auto ask = [node = to_number(node_.id()), round = ++round_,
                      asked = SlotColumns(requests)](db::Session& session) {
        return answer_of(session.exec(
            limits_exchange, node, round, asked.transport, asked.destination, asked.keep,
            asked.want, asked.limit
        ));
    };
    co_return co_await pool_.run(ask);
}

// A crash of the database may forget the last moments: less would cost a flush for each grant.
awaitable<std::vector<MessageGrant>> PgLimits::let_go(std::vector<MessageRequest> requests) {
    const auto ask = [requests = std::move(requests)](db::Session& session) {
        std::vector<std::string> transports, destinations;
        std::vector<std::int32_t> wants, limits;
        std::vector<double> intervals, slices;
        for (const MessageRequest& one : requests) {
            transports.push_back(one.key.transport);
            destinations.push_back(one.key.destination);
            wants.push_back(to_int4(one.want));
            limits.push_back(to_int4(one.rate.messages));
            intervals.push_back(in_seconds(one.rate.per));
            slices.push_back(in_seconds(use_within(one.rate)));
        }
        db::Transaction transaction(session, db::Durability::asynchronous);
        const db::Rows rows =
            session.exec(limits_let_go, transports, destinations, wants, limits, intervals, slices);
        std::vector<MessageGrant> grants;
        for (const db::Row row : rows) {
            const auto retry = std::chrono::milliseconds(static_cast<int>(row.real(3) * 1000));
            grants.push_back(
                {{row.text(0), row.text(1)}, static_cast<std::size_t>(row.number(2)), retry}
            );
        }
        transaction.commit();
        return grants;
    };
    co_return co_await pool_.run(ask);
}

}  // namespace outpost::queue
