// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <functional>

#include "core/foundation/database/pool.hpp"
#include "policies/mta_sts/store.hpp"

namespace outpost::mta_sts {

/// schema/steps/0103_mta_sts.sql. Changes are announced on the channel `outpost_mta_sts`, with
/// the domain.
class PgStore final : public Store {
  public:
    /// `now`: the database's time of day. The pool must outlive the store.
    PgStore(db::Pool& pool, std::function<WallTime()> now) : pool_(pool), now_(std::move(now)) {}

    WallTime now() const override { return now_(); }
    awaitable<std::map<std::string, Entry>> load_all() override;
    awaitable<Entry> load(std::string domain) override;
    awaitable<Turn> take_turn(std::string domain, std::int64_t known, std::chrono::seconds lease)
        override;
    awaitable<Entry> save(std::string domain, std::string record_id, Policy policy) override;
    awaitable<Entry> save_failure(
        std::string domain, Trouble trouble, std::chrono::seconds back_off
    ) override;
    awaitable<void> let_go(std::string domain) override;
    awaitable<void> forget(std::string domain) override;
    awaitable<std::optional<std::string>> claim_due(std::chrono::seconds lease) override;
    awaitable<void> note_used(std::vector<std::string> domains) override;
    awaitable<void> tidy(std::chrono::seconds unused) override;

  private:
    db::Pool& pool_;
    const std::function<WallTime()> now_;
};

}  // namespace outpost::mta_sts
