// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "core/delivery/interface/policy_mode.hpp"
#include "core/delivery/next_hop/survey.hpp"
#include "core/net/dns/resolver.hpp"
#include "core/net/tls/observation.hpp"
#include "policies/mta_sts/store.hpp"

/// Where mail for a domain would go, what TLS each host must reach, and why: what `outpost tls
/// explain` shows. Values; the decisions are those of delivery itself
/// (core/delivery/next_hop/survey.hpp).
namespace outpost::cli {

/// One real session with a host: everything but mail.
struct TlsProbe {
    std::string ip;
    std::string trouble;  ///< why there was no session; empty: there was one
    tls::TlsObservation seen;
    std::vector<tls::CertificateFacts> chain;  ///< leaf first
};

struct HostExplanation {
    delivery::HostSurvey survey;
    /// What was answered to the question for TLSA records; unset where DANE does not apply.
    std::optional<Result<dns::Answer, dns::Failure>> tlsa;
    std::string tlsa_name;  ///< the name that was asked, or why none was
    std::optional<TlsProbe> probe;
};

struct TlsExplanation {
    std::string domain;  ///< A-labels
    Result<delivery::NextHops, delivery::NoNextHop> hops;
    delivery::PolicyMode dane = delivery::PolicyMode::enforce;
    delivery::PolicyMode mta_sts = delivery::PolicyMode::enforce;
    /// The TXT records at `_mta-sts.DOMAIN`; unset where MTA-STS is off.
    std::optional<Result<dns::Answer, dns::Failure>> sts_record;
    mta_sts::Entry sts_entry;                ///< what all nodes know of the policy, after all this
    bool sts_fetched = false;                ///< just now
    std::vector<tlsrpt::Finding> sts_found;  ///< what MTA-STS says of the domain
    std::vector<HostExplanation> hosts;      ///< in the order in which delivery would try them
};

/// Whether a message without wishes of its own could be delivered: some host may be used and, where
/// it was probed, reached what it must.
bool is_deliverable(const TlsExplanation& explanation);

/// For people.
std::string to_text(const TlsExplanation& explanation);
/// For programs.
nlohmann::json to_json(const TlsExplanation& explanation);

}  // namespace outpost::cli
