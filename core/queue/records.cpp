// SPDX-License-Identifier: Apache-2.0
#include "core/queue/records.hpp"

namespace outpost::queue {

std::string_view text(RecipientState state) noexcept {
    switch (state) {
        case RecipientState::queued:
            return "queued";
        case RecipientState::leased:
            return "leased";
        case RecipientState::held:
            return "held";
        case RecipientState::delivered:
            return "delivered";
        case RecipientState::failed:
            return "failed";
        case RecipientState::dropped:
            return "dropped";
    }
    return "queued";
}

std::string_view text(Report report) noexcept {
    switch (report) {
        case Report::none:
            return "none";
        case Report::delayed:
            return "delayed";
        case Report::failed:
            return "failed";
        case Report::delivered:
            return "delivered";
        case Report::relayed:
            return "relayed";
    }
    return "none";
}

}  // namespace outpost::queue
