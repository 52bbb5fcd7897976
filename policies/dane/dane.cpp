// SPDX-License-Identifier: Apache-2.0
#include "policies/dane/dane.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "core/net/tls/tlsa.hpp"
#include "policies/dane/events.hpp"
#include "policies/dane/search.hpp"

namespace outpost::dane {
namespace {

using delivery::MxHost;
using delivery::PolicyMode;

/// Keeps what was found for each host by itself: hosts of one domain differ.
class HostAssessment final : public delivery::Assessment {
  public:
    HostAssessment(std::string domain, dns::Resolver& resolver, PolicyMode mode)
        : domain_(std::move(domain)), resolver_(resolver), mode_(mode) {}

    awaitable<tls::TlsDemand> require(const MxHost& host, Deadline deadline) override {
        Finding finding = co_await search(resolver_, host, domain_, deadline);
        tls::TlsDemand asked = demand(mode_, finding);
        found_.insert_or_assign(host.name, std::move(finding));
        co_return asked;
    }
    std::optional<tlsrpt::Finding> of_host(const MxHost& host) const override {
        const auto found = found_.find(host.name);
        return report(found == found_.end() ? Finding{} : found->second, host.name);
    }
    std::optional<bool> protects(const MxHost& host) const override {
        const auto found = found_.find(host.name);
        if (found == found_.end()) return false;
        if (found->second.failure) return std::nullopt;
        return !found->second.usable.empty();
    }

  private:
    const std::string domain_;
    dns::Resolver& resolver_;
    const PolicyMode mode_;
    std::map<std::string, Finding> found_;
};

class Dane final : public delivery::SecurityPolicy {
  public:
    explicit Dane(PolicyMode mode) : mode_(mode) {}

    std::string_view name() const noexcept override { return "dane"; }

    awaitable<std::unique_ptr<delivery::Assessment>> assess(
        const dns::Domain& domain, const delivery::DeliveryJob& job, dns::Resolver& resolver,
        Deadline
    ) override {
        const PolicyMode mode = job.policies.of(key()).value_or(mode_);
        if (mode == PolicyMode::off) co_return nullptr;
        co_return std::make_unique<HostAssessment>(domain.ascii(), resolver, mode);
    }

    std::span<const delivery::SecurityEvent* const> events() const noexcept override {
        return events::all();
    }
    void note_host(delivery::SecurityEvents& noted, const tls::TlsDemand& demand) const override {
        dane::note_host(noted, demand);
    }
    void note_session(
        delivery::SecurityEvents& noted, const tls::TlsDemand& demand,
        const tls::TlsObservation& seen
    ) const override {
        dane::note_session(noted, demand, seen);
    }

  private:
    const PolicyMode mode_;
};

}  // namespace

tlsrpt::Finding report(const Finding& finding, const std::string& host) {
    using tlsrpt::PolicyType;
    using tlsrpt::ResultType;
    tlsrpt::Finding report;
    report.policy.domain = finding.base_domain.empty() ? host : finding.base_domain;
    if (finding.base_domain.empty()) return report;
    report.policy.type = PolicyType::tlsa;
    for (const tls::TlsaRecord& record : finding.usable)
        report.policy.strings.push_back(tls::text(record));
    std::sort(report.policy.strings.begin(), report.policy.strings.end());
    if (finding.failure) {
        const bool dnssec = finding.failure->is_dnssec();
        report.details.push_back(tlsrpt::detail(
            dnssec ? ResultType::dnssec_invalid : ResultType::tlsa_invalid,
            finding.failure->reason_code()
        ));
    } else if (finding.usable.empty()) {
        report.details.push_back(
            tlsrpt::detail(ResultType::tlsa_invalid, "all-unusable-records+ignored")
        );
    }
    return report;
}

std::shared_ptr<delivery::SecurityPolicy> make_policy(PolicyMode mode) {
    return std::make_shared<Dane>(mode);
}

}  // namespace outpost::dane
