// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "core/app/backend.hpp"
#include "core/app/settings.hpp"
#include "core/intake/receiving_policy.hpp"

namespace outpost::app {

/// All that strangers may send to us, by the settings; made anew at each reload. `backend` must
/// outlive them.
intake::Mailboxes make_mailboxes(const Settings& settings, Backend& backend);

}  // namespace outpost::app
