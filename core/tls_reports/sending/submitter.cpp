// SPDX-License-Identifier: Apache-2.0
#include "core/tls_reports/sending/submitter.hpp"

namespace outpost::tls_reports {
namespace {

std::optional<Submitter> submitter_of(
    const dns::Domain& domain, const dkim::Signer::Domains& signing
) {
    const auto found = signing.find(domain);
    if (found == signing.end() || found->second.signing().empty()) return std::nullopt;
    return Submitter{domain, found->second};
}

std::optional<dns::Domain> parent_of(const dns::Domain& domain) {
    const auto dot = domain.ascii().find('.');
    if (dot == std::string::npos) return std::nullopt;
    const auto parent = dns::Domain::parse(domain.ascii().substr(dot + 1));
    return parent ? std::optional(*parent) : std::nullopt;
}

}  // namespace

mail::Address Submitter::postmaster() const {
    return mail::Address::parse("postmaster@" + domain.ascii()).value_or(mail::Address());
}

std::optional<Submitter> choose_submitter(
    const dns::Domain& wanted, const dns::Domain& hostname, const dkim::Signer::Domains& signing
) {
    if (!wanted.empty()) return submitter_of(wanted, signing);
    for (std::optional one = hostname; one; one = parent_of(*one))
        if (auto found = submitter_of(*one, signing)) return found;
    return std::nullopt;
}

}  // namespace outpost::tls_reports
