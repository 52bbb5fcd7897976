// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>

#include "core/metrics/registry.hpp"
#include "core/smtp/server_policy.hpp"
#include "core/submit/accept.hpp"
#include "core/submit/accounts.hpp"
#include "core/submit/rate_limiter.hpp"
#include "core/submit/recipient_quota.hpp"
#include "core/submit/sessions.hpp"
#include "core/submit/settings.hpp"

namespace outpost::submit {

/// What is counted over time; outlives a change of configuration.
struct Counters {
    explicit Counters(queue::QueueStore& store) : recipients_per_day(store) {}

    RateLimiter messages_per_minute{
        std::chrono::minutes(1)};  ///< by listener address and client IP
    RecipientQuota recipients_per_day;
};

/// Messages that were sent to a listener, by what it answered at their end.
struct MessageCounters {
    MessageCounters(
        metrics::Registry& registry, const std::string& listener, const std::string& source
    );
    void count(const smtp::Reply& answer) noexcept;

    metrics::Counter &accepted, &deferred, &refused;
};

/// The rules of one listener: who may connect, send, and as whom. Thread-safe.
class ListenerPolicy : public smtp::ServerPolicy {
  public:
    struct Parts {
        ListenerSettings settings;
        std::string name;      ///< of the listener, for counting
        std::string hostname;  ///< of the Received fields
        std::shared_ptr<const Accounts> accounts;
        std::shared_ptr<const dkim::Signer> signer;  ///< null: nobody signs
        std::shared_ptr<Counters> counters;
        std::shared_ptr<Acceptor> acceptor;
        std::shared_ptr<const ConnectionCounter> connections;
        MessageCounters messages;
    };
    explicit ListenerPolicy(Parts parts) : parts_(std::move(parts)) {}

    Refusal check_client(const smtp::ServerClient& client) override;
    sasl::StoredCredential credential(const std::string& login) override;
    std::optional<std::string> account_of(const std::string& login) override;
    awaitable<Refusal> check_mail(const smtp::ServerClient& client, const smtp::Transaction& mail)
        override;
    awaitable<Refusal> check_recipient(
        const smtp::ServerClient& client, const smtp::Transaction& so_far,
        const smtp::RcptTo& recipient
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

}  // namespace outpost::submit
