// SPDX-License-Identifier: Apache-2.0
#include "core/bounce/suppression.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "core/base/encoding.hpp"

namespace outpost::bounce {
namespace {

constexpr std::array suppressing_codes{521, 550, 551, 553, 556};

/// Subject and detail. A class that is not 5 is decided on elsewhere.
constexpr std::array<std::pair<int, int>, 6> suppressing_statuses{{
    {1, 1},  // no such mailbox
    {1, 2},  // no such system
    {1, 3},  // no valid address
    {1, 6},  // the mailbox has moved
    {2, 1},  // the mailbox is disabled
    {7, 1},  // we are not permitted to write to it
}};

template <class Range, class Value>
bool contains(const Range& range, const Value& value) {
    return std::find(range.begin(), range.end(), value) != range.end();
}

/// Up to the separator, unless that comes first.
std::string_view cut_at(std::string_view local, char separator) {
    const auto at = local.find(separator);
    return at == 0 ? local : local.substr(0, at);
}

}  // namespace

bool suppresses_at_once(
    std::optional<int> reply_code, const std::optional<smtp::EnhancedStatus>& status
) {
    if (reply_code && contains(suppressing_codes, *reply_code)) return true;
    const bool permanent = reply_code ? *reply_code / 100 == 5 : status && status->klass == 5;
    return permanent && status &&
           contains(suppressing_statuses, std::pair<int, int>(status->subject, status->detail));
}

bool suppresses_at_once(const RecipientReport& report) {
    // A report that gives up after temporary failures tells nothing of the mailbox.
    if (report.action != Action::failed || (report.status && report.status->klass != 5))
        return false;
    return suppresses_at_once(report.reply_code, report.status) ||
           suppresses_at_once(report.reply_code, report.reply_status);
}

std::string suppression_key(const mail::Address& address) {
    if (address.is_null()) return {};
    const auto base = cut_at(cut_at(address.local(), '+'), '-');
    auto local = to_lower(base);
    local.erase(std::remove(local.begin(), local.end(), '.'), local.end());
    if (local.empty()) local = to_lower(address.local());
    const auto wire = address.wire();
    return local + wire.substr(wire.rfind('@'));
}

}  // namespace outpost::bounce
