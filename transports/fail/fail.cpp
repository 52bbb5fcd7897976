// SPDX-License-Identifier: Apache-2.0
#include "transports/fail/fail.hpp"

namespace outpost::transports {
namespace {

class Fail final : public delivery::Transport {
  public:
    explicit Fail(FailSettings settings) : settings_(std::move(settings)) {}
    bool per_domain() const noexcept override { return false; }
    bool can_require_tls() const noexcept override { return true; }     // nothing leaves
    bool reads_content_late() const noexcept override { return true; }  // nor is it read

    awaitable<delivery::DeliveryOutcome>
    deliver(const delivery::DeliveryJob& job, delivery::AttemptContext&) override {
        const auto klass = static_cast<std::uint16_t>(settings_.code / 100);
        smtp::EnhancedStatus status = smtp::EnhancedStatus::parse(settings_.status)
                                          .value_or(smtp::EnhancedStatus{klass, 7, 0});
        status.klass = klass;  // the code decides
        using delivery::ErrorKind;
        using delivery::Stage;
        using delivery::Verdict;
        co_return delivery::DeliveryOutcome::all(
            job, klass == 4
                     ? Verdict::deferred(Stage::route, ErrorKind::policy, status, settings_.message)
                     : Verdict::failed(Stage::route, ErrorKind::policy, status, settings_.message)
        );
    }

  private:
    FailSettings settings_;
};

config::Type<FailSettings> fail_type() {
    return config::Spec<FailSettings>(
               "fail", "Refuses everything: for tests, and for mail that must not leave."
    )
        .key(
            "code", &FailSettings::code, config::integer(400, 599),
            "SMTP code: 4yz defers, 5yz fails."
        )
        .key(
            "status", &FailSettings::status, config::words({.longest = 11}),
            "Enhanced status; without it 4.7.0 or 5.7.0."
        )
        .key("message", &FailSettings::message, config::words({.longest = 256}), "What is said.")
        .type();
}

class FailConfig final : public delivery::TransportConfigOf<FailSettings> {
  public:
    using TransportConfigOf::TransportConfigOf;
    delivery::TransportPtr make(const std::string&, const delivery::TransportServices&)
        const override {
        return make_fail(settings());
    }
};

}  // namespace

delivery::TransportPtr make_fail(FailSettings settings) {
    return std::make_shared<Fail>(std::move(settings));
}

delivery::TransportKind fail_kind() {
    return delivery::transport_kind<FailConfig>("fail", fail_type());
}

}  // namespace outpost::transports
