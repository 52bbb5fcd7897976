// SPDX-License-Identifier: Apache-2.0
#include "core/mail/dsn/status_words.hpp"

#include <algorithm>
#include <iterator>

namespace outpost::dsn {
namespace {

struct Meaning {
    std::uint16_t subject, detail;
    std::string_view words;
};

/// The registry of enhanced status codes (RFC 3463, RFC 5248), as far as a sender can use it.
constexpr Meaning meanings[] = {
    {1, 1, "There is no such mailbox at that domain."},
    {1, 2, "The domain of the address does not exist."},
    {1, 3, "The address is not written correctly."},
    {1, 6, "The mailbox has moved, and its new address is not known."},
    {1, 7, "The sender's address is not written correctly."},
    {1, 8, "The domain of the sender's address does not exist or takes no mail."},
    {1, 10, "The domain of the address takes no mail."},
    {2, 1, "The mailbox is switched off."},
    {2, 2, "The mailbox is full."},
    {2, 3, "The message is larger than the mailbox allows."},
    {3, 4, "The message is larger than the receiving server allows."},
    {4, 1, "No server for the address answered."},
    {4, 2, "The connection to the receiving server was lost."},
    {4, 6, "The message was going round in a loop."},
    {4, 7, "It was tried for as long as the settings allow."},
    {7, 1, "The receiving server refused the message by its rules."},
    {7, 10, "An encrypted connection is required, and none could be made."},
    {7, 26, "The receiving server could not verify that the message is genuine (SPF, DKIM, DMARC)."
    },
    {7, 30, "The message may only travel over servers that guarantee encryption, and one did not."},
};

}  // namespace

std::string_view meaning(smtp::EnhancedStatus status) noexcept {
    const auto found =
        std::find_if(std::begin(meanings), std::end(meanings), [&](const Meaning& entry) {
            return entry.subject == status.subject && entry.detail == status.detail;
        });
    return found == std::end(meanings) ? std::string_view() : found->words;
}

}  // namespace outpost::dsn
