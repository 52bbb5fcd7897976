// SPDX-License-Identifier: Apache-2.0
#include "core/app/mailboxes.hpp"

#include "core/intake/bounce_mailbox.hpp"

namespace outpost::app {
namespace {

std::shared_ptr<intake::Mailbox> bounce_mailbox(
    const BounceSettings& settings, queue::BounceStore& store
) {
    intake::BounceMailbox::Settings mailbox{{settings.domain, settings.secret}, {}};
    if (settings.suppress) mailbox.suppress_for = settings.suppress_for;
    return std::make_shared<intake::BounceMailbox>(std::move(mailbox), store);
}

}  // namespace

intake::Mailboxes make_mailboxes(const Settings& settings, Backend& backend) {
    intake::Mailboxes mailboxes;
    if (settings.bounces) mailboxes.push_back(bounce_mailbox(*settings.bounces, backend.bounces()));
    return mailboxes;
}

}  // namespace outpost::app
