// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <vector>

#include "core/delivery/queue/store.hpp"

namespace outpost::queue {

/// Leases as columns, for unnest($1::int8[], $2::int4[], $3::int8[]) AS l (m, n, t).
struct LeaseColumns {
    std::vector<std::int64_t> message, token;
    std::vector<std::int32_t> number;

    void add(const RecipientKey& key, LeaseToken held) {
        message.push_back(to_number(key.message));
        number.push_back(key.number);
        token.push_back(to_number(held));
    }
};

}  // namespace outpost::queue
