// SPDX-License-Identifier: Apache-2.0
#include "core/delivery/queue/records.hpp"

#include <charconv>

namespace outpost::queue {

std::string_view to_string(RecipientState state) noexcept {
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

std::string_view to_string(Report report) noexcept {
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
    if (!text.starts_with(' ')) return std::nullopt;
    const auto wish = smtp::parse_tls_wish(text.substr(1));
    return wish ? std::optional(TlsChange{MessageId{id}, *wish}) : std::nullopt;
}

}  // namespace outpost::queue
