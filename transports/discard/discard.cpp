// SPDX-License-Identifier: Apache-2.0
#include "transports/discard/discard.hpp"

#include <asio/steady_timer.hpp>

namespace outpost::transports {
namespace {

class Discard final : public delivery::Transport {
  public:
    explicit Discard(DiscardSettings settings) : settings_(settings) {}
    bool per_domain() const noexcept override { return false; }
    bool can_require_tls() const noexcept override { return true; }     // nothing leaves
    bool reads_content_late() const noexcept override { return true; }  // nor is it read

    awaitable<delivery::DeliveryOutcome>
    deliver(const delivery::DeliveryJob& job, delivery::AttemptContext&) override {
        if (settings_.delay.count() > 0) {
            const auto executor = co_await asio::this_coro::executor;
            asio::steady_timer timer(executor, settings_.delay);
            co_await timer.async_wait(use_awaitable);
        }
        co_return delivery::DeliveryOutcome::all(job, delivery::Verdict::delivered("discarded"));
    }

  private:
    DiscardSettings settings_;
};

config::Type<DiscardSettings> discard_type() {
    using namespace std::chrono_literals;
    return config::Spec<DiscardSettings>(
               "discard", "Takes everything and delivers nothing: for tests."
    )
        .key(
            "delay", &DiscardSettings::delay, config::duration<std::chrono::milliseconds>(0ms, 1h),
            "Time that each attempt takes."
        )
        .type();
}

class DiscardConfig final : public delivery::TransportConfigOf<DiscardSettings> {
  public:
    using TransportConfigOf::TransportConfigOf;
    delivery::TransportPtr make(const std::string&, const delivery::TransportServices&)
        const override {
        return make_discard(settings());
    }
};

}  // namespace

delivery::TransportPtr make_discard(DiscardSettings settings) {
    return std::make_shared<Discard>(settings);
}

delivery::TransportKind discard_kind() {
    return delivery::transport_kind<DiscardConfig>("discard", discard_type());
}

}  // namespace outpost::transports
