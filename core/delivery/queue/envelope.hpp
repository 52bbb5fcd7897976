// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>
#include <string_view>

#include "core/delivery/interface/job.hpp"
#include "core/foundation/database/columns.hpp"
#include "core/foundation/database/session.hpp"

namespace outpost::queue {

/// Of outpost_private.message m: all that a delivery knows of it but its content.
inline constexpr db::Columns envelope_columns({
    {"account", "m.account"},
    {"mail_from", "m.mail_from"},
    {"size", "m.size"},
    {"eightbit", "m.eightbit"},
    {"smtputf8", "m.smtputf8"},
    {"tls_wish", "CASE m.require_tls WHEN true THEN 'yes' WHEN false THEN 'no' ELSE 'default' END"},
    {"ret", "m.ret"},
    {"envid", "m.envid"},
    {"tag", "m.tag"},
    {"submitted_at", "m.submitted_at"},
    {"due_from", "m.due_from"},
});

/// Reads them from a row in which they begin at column `first`.
std::shared_ptr<delivery::Message> envelope_of(const db::Row& row, int first, MessageId id);

/// An address as it is stored; null, with a line in the log, when it cannot be read.
mail::Address stored_address(std::string_view text, MessageId id);

}  // namespace outpost::queue
