// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <atomic>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <vector>

#include "core/delivery/dispatch/snapshot.hpp"
#include "core/delivery/queue/records.hpp"
#include "core/foundation/async/promise.hpp"

namespace outpost::test {

inline mail::Address address(std::string_view text) {
    return mail::Address::parse(text).value();
}

inline std::shared_ptr<delivery::Message> message(
    std::int64_t id, std::string_view from = "alice@sender.example"
) {
    auto made = std::make_shared<delivery::Message>();
    made->id = MessageId{id};
    if (!from.empty()) made->mail_from = address(from);
    made->submitted_at = made->due_from = WallClock::now();
    return made;
}

inline queue::Claimed claimed(
    std::shared_ptr<const delivery::Message> envelope, std::int32_t number, std::string_view to,
    int attempts = 1
) {
    queue::Claimed claim;
    claim.key = {envelope->id, number};
    claim.token = LeaseToken{number};
    claim.recipient = {address(to), {}, {}, number};
    claim.attempts = attempts;
    claim.envelope = std::move(envelope);
    return claim;
}

/// Ends the deliveries of a domain when told to.
class Latch {
  public:
    awaitable<void> wait() {
        Promise<bool> mine;
        {
            const std::lock_guard lock(mutex_);
            if (open_) co_return;
            waiting_.push_back(mine);
        }
        co_await mine.wait();
    }
    void open() {
        const std::lock_guard lock(mutex_);
        open_ = true;
        for (const auto& promise : waiting_)
            promise.set(true);
        waiting_.clear();
    }

  private:
    std::mutex mutex_;
    bool open_ = false;
    std::vector<Promise<bool>> waiting_;
};

/// A transport that does what a script says for each domain, and counts.
class FakeTransport final : public delivery::Transport {
  public:
    using Script = std::function<awaitable<
        delivery::DeliveryOutcome>(const delivery::DeliveryJob&, delivery::AttemptContext&)>;

    std::atomic<bool> reads_late{false};

    explicit FakeTransport(bool per_domain = true, bool requires_tls = true)
        : per_domain_(per_domain), requires_tls_(requires_tls) {}

    void script(std::string domain, Script script) {
        scripts_[std::move(domain)] = std::move(script);
    }

    awaitable<delivery::DeliveryOutcome> deliver(
        const delivery::DeliveryJob& job, delivery::AttemptContext& context
    ) override {
        enter();
        const auto found = scripts_.find(job.domain.ascii());
        delivery::DeliveryOutcome outcome =
            delivery::DeliveryOutcome::all(job, delivery::Verdict::delivered("taken"));
        std::exception_ptr error;
        if (found != scripts_.end()) {
            try {
                outcome = co_await found->second(job, context);
            } catch (...) {
                error = std::current_exception();
            }
        }
        --now_;
        if (error) std::rethrow_exception(error);
        co_return outcome;
    }
    bool per_domain() const noexcept override { return per_domain_; }
    bool can_require_tls() const noexcept override { return requires_tls_; }
    bool reads_content_late() const noexcept override { return reads_late; }

    int calls() const { return calls_; }
    int most_at_once() const { return most_; }

  private:
    void enter() {
        ++calls_;
        const int now = ++now_;
        int most = most_;
        while (now > most && !most_.compare_exchange_weak(most, now)) {
        }
    }

    const bool per_domain_, requires_tls_;
    std::map<std::string, Script> scripts_;
    std::atomic<int> calls_{0}, now_{0}, most_{0};
};

}  // namespace outpost::test
