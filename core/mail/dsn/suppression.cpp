// SPDX-License-Identifier: Apache-2.0
#include "core/mail/dsn/suppression.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "core/foundation/base/encoding.hpp"
#include "core/foundation/base/sequence.hpp"

namespace outpost::dsn {
namespace {

constexpr std::array suppressing_codes{521, 550, 551, 553, 556};

/// Subject and detail.
constexpr std::array<std::pair<int, int>, 6> suppressing_statuses{{
    {1, 1},   // no such mailbox
    {1, 2},   // no such system
    {1, 3},   // no valid address
    {1, 6},   // the mailbox has moved
    {1, 10},  // its domain takes no mail (null MX)
    {2, 1},   // the mailbox is disabled
}};

/// Up to the separator, unless that comes first.
std::string_view cut_at(std::string_view local, char separator) {
    const auto at = local.find(separator);
    return at == 0 ? local : local.substr(0, at);
}

bool is_specific(const std::optional<smtp::EnhancedStatus>& status) {
    return status && (status->subject != 0 || status->detail != 0);
}

}  // namespace

bool suppresses_at_once(const Refusal& refusal) {
    const auto& status = refusal.status;
    const bool permanent =
        refusal.reply_code ? *refusal.reply_code / 100 == 5 : status && status->klass == 5;
    if (!permanent) return false;
    if (is_specific(status))
        return contains(suppressing_statuses, std::pair<int, int>(status->subject, status->detail));
    return refusal.of_rcpt_by_mx && refusal.reply_code &&
           contains(suppressing_codes, *refusal.reply_code);
}

bool suppresses_at_once(const RecipientReport& report) {
    // A report that gives up after temporary failures says nothing about the mailbox.
    if (report.action != Action::failed || (report.status && report.status->klass != 5))
        return false;
    const auto& status = is_specific(report.status) ? report.status : report.reply_status;
    return suppresses_at_once(Refusal{report.reply_code, status});
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

}  // namespace outpost::dsn
