// SPDX-License-Identifier: Apache-2.0
#include "policies/dane/demand.hpp"

#include <algorithm>

namespace outpost::dane {
namespace {

constexpr const char* source = "dane";

tls::TlsRequirement with_records_only(tls::TlsRequirement asked) {
    if (!asked.dane.empty() || !asked.forbidden.empty()) return asked;
    asked.sources = {source};
    asked.forbidden.push_back(
        {tls::Refusal::Kind::host_unproven,
         "DANE is required, and the host has no usable TLSA records that are secure", source}
    );
    return asked;
}

}  // namespace

tls::TlsRequirement requirement(const Finding& finding) {
    tls::TlsRequirement asked;
    if (finding.base_domain.empty()) return asked;
    if (finding.failure) {
        asked.sources.emplace_back(source);
        asked.forbidden.push_back(
            {tls::Refusal::Kind::host_unknown,
             "the TLSA records of " + finding.base_domain +
                 " cannot be looked up: " + finding.failure->text,
             source}
        );
        return asked;
    }
    asked = tls::TlsRequirement::encrypted(source);
    if (!finding.usable.empty()) {
        tls::DaneRequirement records{finding.base_domain, finding.usable, finding.names};
        std::sort(records.records.begin(), records.records.end());
        const auto twice = std::unique(records.records.begin(), records.records.end());
        records.records.erase(twice, records.records.end());
        asked.dane.push_back(std::move(records));
    }
    return asked;
}

tls::TlsDemand demand(delivery::PolicyMode mode, const Finding& finding) {
    switch (mode) {
        case delivery::PolicyMode::off:
            return {};
        case delivery::PolicyMode::watch:
            return {{}, requirement(finding)};
        case delivery::PolicyMode::require:
            return {with_records_only(requirement(finding)), {}};
        case delivery::PolicyMode::enforce:
            break;
    }
    return {requirement(finding), {}};
}

std::vector<std::string> reference_names(
    const std::string& base_domain, const std::string& host, const std::string& recipient_domain,
    const std::string& expanded_recipient_domain
) {
    std::vector<std::string> names;
    for (const auto& name : {base_domain, host, recipient_domain, expanded_recipient_domain}) {
        const bool known = std::find(names.begin(), names.end(), name) != names.end();
        if (!name.empty() && !known) names.push_back(name);
    }
    return names;
}

}  // namespace outpost::dane
