// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>

#include "core/delivery/interface/job.hpp"
#include "core/foundation/database/session.hpp"
#include "core/mail/authentication/dkim/signer.hpp"

namespace outpost::queue {

/// The message with its content; mail of outpost.enqueue gets its DKIM signatures first, should it
/// have none yet. PostgreSQL has no keys, so whoever attempts such a message first signs it, for
/// all: several nodes (or several deliveries of one) may do so at the same time, one of them
/// writes, and all go on with what that one has written. Null when the message is gone.
/// Throws std::runtime_error when OpenSSL fails: then it is still to be signed.
std::shared_ptr<const delivery::Message> load_signed(
    db::Session& session, MessageId id, const dkim::Signer& signer
);

}  // namespace outpost::queue
