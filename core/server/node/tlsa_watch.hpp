// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "core/delivery/dispatch/periodic.hpp"
#include "core/domains/check/finding.hpp"
#include "core/server/settings/settings.hpp"

namespace outpost::server {

/// A certificate that strangers who send to us check by the TLSA records of `host` (RFC 7672).
struct MxCertificate {
    std::string host;
    std::filesystem::path file;
    auto operator<=>(const MxCertificate&) const = default;
};

/// Those of listeners that receive from strangers, or on port 25 of a host that is an MX.
std::vector<MxCertificate> mx_certificates(const Settings& settings);

/// What an operator must hear of a certificate whose key has no TLSA record, in a zone where
/// records count; empty: nothing. `chain`: certificates in DER, leaf first. Pure.
std::string tlsa_warning(
    const std::string& host, const std::vector<std::string>& chain,
    const domain_check::Lookup& answer
);

/// Compares certificates with the TLSA records in the DNS in the background: after the start, when
/// they change, and every hour. A warning is logged at once, and again each day.
class TlsaWatch {
  public:
    TlsaWatch(
        const Settings& settings, std::shared_ptr<dns::Resolver> resolver, const Executor& executor
    );
    void start(TaskGroup& tasks) { rounds_.start(tasks); }
    void stop() { rounds_.stop(); }
    /// From now on these certificates. Thread-safe.
    void use(const Settings& settings);
    /// The files have changed. Thread-safe.
    void look() { rounds_.wake(); }

  private:
    struct Said {
        std::string words;
        SteadyTime at;
    };
    awaitable<bool> round();
    awaitable<void> look_at(MxCertificate certificate);
    void warn(const MxCertificate& certificate, const std::string& words);

    const std::shared_ptr<dns::Resolver> resolver_;
    dispatch::Periodic rounds_;
    std::map<MxCertificate, Said> said_;  ///< of the rounds alone
    std::mutex mutex_;
    std::vector<MxCertificate> certificates_;
};

}  // namespace outpost::server
