// SPDX-License-Identifier: Apache-2.0
#include "core/delivery/queue/housekeeping.hpp"

namespace outpost::queue {
namespace {

using db::Statement;

constexpr int batch = 500;

const Statement take_over_call{"take_over", R"(
    SELECT outpost_private.take_over(make_interval(secs => $1::float8), $2::int4)
)"};
const Statement expire_call{"expire", R"(
    SELECT outpost_private.expire(make_interval(secs => $1::float8), $2::int4)
)"};
const Statement expire_history_call{"expire_history", R"(
    SELECT outpost_private.expire_history(make_interval(secs => $1::float8), $2::int4)
)"};
const Statement fold_call{"fold_waiting", "SELECT outpost_private.fold_waiting($1::int4)"};
const Statement drop_accounts{"drop_accounts", R"(
    DELETE FROM outpost_private.account WHERE name <> ALL ($1::text[])
)"};
const Statement put_account{"put_account", R"(
    INSERT INTO outpost_private.account (name, addresses, domains, any_sender)
    VALUES ($1, $2::text[], $3::text[], $4)
    ON CONFLICT (name) DO UPDATE SET addresses = excluded.addresses, domains = excluded.domains,
        any_sender = excluded.any_sender
)"};
const Statement drop_transports{"drop_transports", R"(
    DELETE FROM outpost_private.transport WHERE name <> ALL ($1::text[])
)"};
const Statement put_transports{"put_transports", R"(
    INSERT INTO outpost_private.transport (name)
    SELECT unnest($1::text[])
    ON CONFLICT DO NOTHING
)"};
const Statement put_version{"put_version", R"(
    INSERT INTO outpost_private.configuration (version, node) VALUES ($1, $2)
)"};

}  // namespace

int take_over(db::Session& session, std::chrono::seconds uncertain_delay) {
    return static_cast<int>(
        session.exec(take_over_call, static_cast<double>(uncertain_delay.count()), batch)
            .at(0)
            .number(0)
    );
}

bool expire(db::Session& session, std::chrono::seconds age) {
    return session.exec(expire_call, static_cast<double>(age.count()), batch).at(0).number(0) ==
           batch;
}

bool expire_history(db::Session& session, std::chrono::seconds age) {
    return session.exec(expire_history_call, static_cast<double>(age.count()), batch)
               .at(0)
               .number(0) == batch;
}

bool fold_waiting(db::Session& session) {
    constexpr int most = 10'000;
    return session.exec(fold_call, most).at(0).number(0) == most;
}

void publish_configuration(db::Session& session, const ConfigurationRows& rows) {
    db::Transaction transaction(session);
    std::vector<std::string> names;
    for (const AccountRow& account : rows.accounts) {
        names.push_back(account.name);
        session.exec(
            put_account, account.name, account.addresses, account.domains, account.any_sender
        );
    }
    session.exec(drop_accounts, names);
    session.exec(drop_transports, rows.transports);
    session.exec(put_transports, rows.transports);
    session.exec(put_version, rows.version, rows.node);
    transaction.commit();
}

}  // namespace outpost::queue
