// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/delivery/interface/body.hpp"
#include "core/delivery/interface/policy_mode.hpp"
#include "core/foundation/base/clock.hpp"
#include "core/foundation/base/ids.hpp"
#include "core/mail/message/address.hpp"
#include "core/mail/smtp/recipient.hpp"
#include "core/mail/smtp/tls_wish.hpp"

namespace outpost::delivery {

using smtp::Notify;
using smtp::Recipient;
using smtp::Ret;
using smtp::TlsWish;

/// The message of a delivery: immutable, shared by all its attempts.
struct Message {
    MessageId id{};
    std::string account;      ///< empty for system mail (DSNs)
    mail::Address mail_from;  ///< null reverse-path for DSNs
    BodyHandle body;
    bool eightbit = false;  ///< has octets above 127: wants 8BITMIME
    bool smtputf8 = false;  ///< submitted with SMTPUTF8
    TlsWish tls_wish = TlsWish::standard;
    Ret ret = Ret::unspecified;
    std::string envid;  ///< xtext-decoded
    std::string tag;    ///< class given at submission, for routes
    WallTime submitted_at{};
    /// Submitted, or released later (RFC 4865): its time for retries begins here.
    WallTime due_from{};

    /// How much of it goes back in reports, by us or by others: of one with REQUIRETLS no more than
    /// the header, whatever was asked for (RFC 8689 section 5).
    Ret returned() const noexcept { return tls_wish == TlsWish::required ? Ret::headers : ret; }
};

/// One unit of work for a transport: a message and those of its recipients that share a next hop.
struct DeliveryJob {
    std::shared_ptr<const Message> message;
    std::vector<Recipient> recipients;  ///< never empty
    /// The recipients' common domain (empty for address literals: then one recipient a job).
    dns::Domain domain;
    int attempt = 1;            ///< counting this one
    int crashes = 0;            ///< attempts in a row, before this one, that a process died under
    PolicyModes policies = {};  ///< of the route
    /// Where bounces shall go instead of to the sender; only in a job with one recipient. Routes,
    /// the queue and reports of ours know the sender alone.
    std::optional<mail::Address> return_path = {};

    /// What MAIL FROM says.
    const mail::Address& reverse_path() const noexcept {
        return return_path ? *return_path : message->mail_from;
    }
};

}  // namespace outpost::delivery
