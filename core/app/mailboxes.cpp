// SPDX-License-Identifier: Apache-2.0
#include "core/app/mailboxes.hpp"

namespace outpost::app {

intake::Mailboxes make_mailboxes(const Settings&, Backend&) {
    intake::Mailboxes mailboxes;
    return mailboxes;
}

}  // namespace outpost::app
