// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>

#include "core/mail/smtp/server_policy.hpp"
#include "core/reception/submission/accept.hpp"
#include "core/reception/submission/accounts.hpp"
#include "core/reception/submission/entrance.hpp"
#include "core/reception/submission/recipient_quota.hpp"

namespace outpost::submission {

/// The rules of a listener for submitters: who may send, and as whom. Thread-safe.
class ListenerPolicy : public smtp::ServerPolicy {
  public:
    struct Parts {
        Entrance entrance;
        std::shared_ptr<const Accounts> accounts;
        std::shared_ptr<const dkim::Signer> signer;          ///< null: nobody signs
        std::shared_ptr<RecipientQuota> recipients_per_day;  ///< outlives the configuration
        std::shared_ptr<Acceptor> acceptor;
    };
    explicit ListenerPolicy(Parts parts) : parts_(std::move(parts)) {}

    Refusal check_client(const smtp::ServerClient& client) override;
    sasl::StoredCredential credential(const std::string& login) override;
    std::optional<std::string> account_of(const std::string& login) override;
    awaitable<Refusal> check_mail(const smtp::ServerClient& client, const smtp::Transaction& mail)
        override;
    awaitable<Refusal> check_recipient(
        const smtp::ServerClient& client, const smtp::Transaction& so_far,
        const smtp::Recipient& recipient
    ) override;
    awaitable<smtp::Reply> accept(
        const smtp::ServerClient& client, smtp::Transaction transaction,
        std::vector<std::string> content
    ) override;

  private:
    bool is_trusted(const smtp::ServerClient& client) const;
    std::string account_for(const smtp::ServerClient& client) const;
    std::function<bool(const mail::Address&)> header_from_rule(const smtp::ServerClient& client
    ) const;
    Refusal check_sender(const smtp::ServerClient& client, const mail::Address& sender) const;

    Parts parts_;
};

}  // namespace outpost::submission
