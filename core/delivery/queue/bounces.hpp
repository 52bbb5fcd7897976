// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <chrono>
#include <optional>
#include <string>

#include "core/foundation/async/awaitable.hpp"
#include "core/foundation/base/ids.hpp"
#include "core/foundation/database/pool.hpp"
#include "core/mail/dsn/dsn_report.hpp"

/// What comes back after a remote had accepted a message.
namespace outpost::queue {

/// A mail that came to the return path of a recipient.
struct Bounce {
    RecipientKey recipient;
    dsn::RecipientReport report;  ///< action `unrecognised`: the mail is no report
    std::string reporting_mta;    ///< who says so; a stranger's text, made safe
    /// How long his address shall get no more mail. None: the report is no reason to.
    std::optional<std::chrono::seconds> suppress_for;
};

/// Where bounces are noted. Thread-safe.
class BounceStore {
  public:
    virtual ~BounceStore() = default;
    /// Notes it for people, suppresses the address where that is asked for, and has the sender told
    /// once of each action that he wants to hear of: all committed when this returns. Noting it
    /// again changes nothing but the texts and how often it came. False: nothing of the recipient
    /// is known (any more). Throws as QueueStore does.
    virtual awaitable<bool> note(Bounce bounce) = 0;
};

/// Bounces in PostgreSQL.
class PgBounces final : public BounceStore {
  public:
    explicit PgBounces(db::Pool& pool) : pool_(pool) {}
    awaitable<bool> note(Bounce bounce) override;

  private:
    db::Pool& pool_;
};

/// Deletes suppressions that have ended, and bounces that came last longer ago than `age`, a batch
/// at a time. True when there may be more.
bool expire_bounces(db::Session& session, std::chrono::seconds age);

}  // namespace outpost::queue
