// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

#include "core/foundation/async/awaitable.hpp"
#include "core/mail/authentication/verdicts.hpp"
#include "core/mail/message/address.hpp"
#include "core/mail/message/content.hpp"
#include "core/mail/smtp/reply.hpp"

/// What strangers may send to us, and nobody else: reports about our hosts' TLS, and bounces to our
/// return paths.
namespace outpost::inbound {

/// A message that a stranger sent, read to its end and judged.
struct Received {
    std::string id;           ///< in its Received field and in the log
    std::string client;       ///< "192.0.2.1 helo mx.example", for people
    mail::Address mail_from;  ///< null for reports
    mail::Address recipient;  ///< that the mailbox has said to take
    /// With our Authentication-Results and Received fields on top.
    mail::ContentPtr content;
    authentication::Verdicts verdicts;
};

/// Addresses of one kind, and what becomes of the mail to them. Thread-safe.
class Mailbox {
  public:
    virtual ~Mailbox() = default;
    /// Whether the address is one of its own; decides at RCPT. Asks no database.
    virtual bool takes(const mail::Address& recipient) const = 0;
    /// Deals with one message. 250: what there is to keep is committed. 4yz: to be sent again, so
    /// the same message may come twice. 5yz says what is wrong with it. Exceptions are answered
    /// with 451.
    virtual awaitable<smtp::Reply> take(Received message) = 0;
};

}  // namespace outpost::inbound
