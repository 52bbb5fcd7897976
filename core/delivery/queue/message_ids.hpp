// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <mutex>

#include "core/foundation/base/ids.hpp"
#include "core/foundation/database/pool.hpp"

namespace outpost::queue {

/// Message ids from blocks reserved in the database, a thousand at a time. Thread-safe.
class MessageIds {
  public:
    explicit MessageIds(db::Pool& pool) : pool_(pool) {}
    awaitable<MessageId> next();

  private:
    db::Pool& pool_;
    std::mutex mutex_;
    std::int64_t next_ = 0, end_ = 0;
};

/// One id by itself, for use inside a transaction that goes on.
MessageId next_message_id(db::Session& session);

}  // namespace outpost::queue
