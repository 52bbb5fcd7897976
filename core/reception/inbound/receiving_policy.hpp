// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <asio/thread_pool.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <vector>

#include "core/mail/smtp/server_policy.hpp"
#include "core/net/dns/resolver.hpp"
#include "core/reception/inbound/mailbox.hpp"
#include "core/reception/submission/entrance.hpp"

namespace outpost::inbound {

using Mailboxes = std::vector<std::shared_ptr<Mailbox>>;

/// The rules of a listener for strangers. Anyone may send, from any address, but only to what one
/// of the mailboxes takes; nothing is ever relayed. A message is judged (SPF, DKIM, DMARC, iprev),
/// never refused for the verdicts: what they are worth is for its mailbox. Thread-safe.
class ReceivingPolicy : public smtp::ServerPolicy {
  public:
    struct Parts {
        submission::Entrance entrance;
        Mailboxes mailboxes;
        std::shared_ptr<dns::Resolver> resolver;
        asio::thread_pool* workers = nullptr;  ///< for hashing; must outlive the sessions
        /// Whether what is taken could be kept, as far as is known; empty: always.
        std::function<bool()> store_is_up;
        std::chrono::seconds judging_time{30};  ///< for all look-ups about one message
    };
    explicit ReceivingPolicy(Parts parts) : parts_(std::move(parts)) {}

    Refusal check_client(const smtp::ServerClient& client) override;
    /// Nobody authenticates here.
    sasl::StoredCredential credential(const std::string& login) override;
    std::optional<std::string> account_of(const std::string& login) override;
    awaitable<Refusal> check_mail(const smtp::ServerClient& client, const smtp::Transaction& mail)
        override;
    awaitable<Refusal> check_recipient(
        const smtp::ServerClient& client, const smtp::Transaction& so_far,
        const smtp::Recipient& recipient
    ) override;
    /// One answer for all recipients: 4yz if it would help any of them to get the message again,
    /// else 5yz if any mailbox refuses it. Mailboxes know a message that comes twice.
    awaitable<smtp::Reply> accept(
        const smtp::ServerClient& client, smtp::Transaction transaction,
        std::vector<std::string> content
    ) override;

  private:
    Mailbox* mailbox_of(const mail::Address& recipient) const;
    awaitable<smtp::Reply> receive(
        smtp::ServerClient client, smtp::Transaction transaction, std::vector<std::string> content
    );
    awaitable<smtp::Reply> hand_over(Received message);

    Parts parts_;
};

}  // namespace outpost::inbound
