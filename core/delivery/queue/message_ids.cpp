// SPDX-License-Identifier: Apache-2.0
#include "core/delivery/queue/message_ids.hpp"

namespace outpost::queue {
namespace {

constexpr std::int64_t block_size = 1000;  // as in schema/steps/0100_queue.sql

const db::Statement reserve{"message_block", "SELECT nextval('outpost_private.message_block')"};

std::int64_t first_of_block(db::Session& session) {
    return session.exec(reserve).at(0).number(0) * block_size;
}

}  // namespace

MessageId next_message_id(db::Session& session) {
    return MessageId{first_of_block(session)};
}

awaitable<MessageId> MessageIds::next() {
    {
        const std::lock_guard lock(mutex_);
        if (next_ < end_) co_return MessageId{next_++};
    }
    const std::int64_t first = co_await pool_.run(first_of_block);
    const std::lock_guard lock(mutex_);
    if (next_ >= end_) {  // else somebody else has reserved a block meanwhile; ours is left unused
                          // but for one id
        next_ = first + 1;
        end_ = first + block_size;
    }
    co_return MessageId{first};
}

}  // namespace outpost::queue
