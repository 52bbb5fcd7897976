// SPDX-License-Identifier: Apache-2.0
#include "policies/mta_sts/mta_sts.hpp"

#include <utility>

#include "policies/mta_sts/events.hpp"

namespace outpost::mta_sts {
namespace {

using delivery::PolicyMode;

class DomainAssessment final : public delivery::Assessment {
  public:
    DomainAssessment(std::string domain, Standing standing, PolicyMode mode)
        : domain_(std::move(domain)), standing_(std::move(standing)), mode_(mode) {}

    awaitable<tls::TlsDemand> require(const delivery::MxHost& host, Deadline) override {
        co_return demand(standing_, host.name, mode_);
    }
    std::optional<tlsrpt::Finding> of_domain() const override {
        return finding(standing_, domain_);
    }
    std::optional<bool> protects() const override { return mta_sts::protects(standing_); }

  private:
    const std::string domain_;
    const Standing standing_;
    const PolicyMode mode_;
};

class MtaSts final : public delivery::SecurityPolicy {
  public:
    MtaSts(Directory& directory, PolicyMode mode) : directory_(directory), mode_(mode) {}

    std::string_view name() const noexcept override { return "mta-sts"; }
    std::string_view key() const noexcept override { return "mta_sts"; }

    awaitable<std::unique_ptr<delivery::Assessment>> assess(
        const dns::Domain& domain, const delivery::DeliveryJob& job, dns::Resolver& resolver,
        Deadline deadline
    ) override {
        const PolicyMode mode = job.policies.of(key()).value_or(mode_);
        if (mode == PolicyMode::off) co_return nullptr;
        Standing standing = co_await directory_.standing(domain.ascii(), resolver, deadline);
        co_return std::make_unique<DomainAssessment>(domain.ascii(), std::move(standing), mode);
    }

    std::span<const delivery::SecurityEvent* const> events() const noexcept override {
        return events::all();
    }
    void note_host(delivery::SecurityEvents& noted, const tls::TlsDemand& demand) const override {
        mta_sts::note_host(noted, demand);
    }
    void note_session(
        delivery::SecurityEvents& noted, const tls::TlsDemand& demand,
        const tls::TlsObservation& seen
    ) const override {
        mta_sts::note_session(noted, demand, seen);
    }

  private:
    Directory& directory_;
    const PolicyMode mode_;
};

}  // namespace

std::shared_ptr<delivery::SecurityPolicy> make_policy(Directory& directory, PolicyMode mode) {
    return std::make_shared<MtaSts>(directory, mode);
}

}  // namespace outpost::mta_sts
