// SPDX-License-Identifier: Apache-2.0
#include "core/delivery/queue/records.hpp"

#include <charconv>

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

std::optional<TlsChange> TlsChange::parse(std::string_view text) {
    std::int64_t id = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
    if (error != std::errc()) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    if (text == " default") return TlsChange{MessageId{id}, std::nullopt};
    if (text == " yes" || text == " no") return TlsChange{MessageId{id}, text == " yes"};
    return std::nullopt;
}

}  // namespace outpost::queue
