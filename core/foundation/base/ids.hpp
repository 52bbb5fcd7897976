// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <compare>
#include <cstdint>
#include <functional>

namespace outpost {

/// Names a message in the queue, for good; shown to people as a decimal number.
enum class MessageId : std::int64_t {};
constexpr std::int64_t to_number(MessageId id) noexcept {
    return static_cast<std::int64_t>(id);
}

/// Names one recipient of one message: the recipients of a message are numbered from 1.
struct RecipientKey {
    MessageId message{};
    std::int32_t number = 0;
    auto operator<=>(const RecipientKey&) const = default;
};

/// Fences a lease: grows with each claim, so an old holder can never pass for the new one.
enum class LeaseToken : std::int64_t {};
constexpr std::int64_t to_number(LeaseToken t) noexcept {
    return static_cast<std::int64_t>(t);
}

/// One run of one server process, as registered in the database.
enum class NodeId : std::int64_t {};
constexpr std::int64_t to_number(NodeId id) noexcept {
    return static_cast<std::int64_t>(id);
}

}  // namespace outpost
