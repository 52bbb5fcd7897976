// SPDX-License-Identifier: Apache-2.0
#include "core/tls_reports/sending/submitter.hpp"

#include <doctest/doctest.h>

using namespace outpost;
using namespace outpost::tls_reports;

namespace {

dns::Domain domain(const std::string& name) {
    return dns::Domain::parse(name).value();
}

dkim::Signer::Domains signing(const std::vector<std::string>& names) {
    dkim::DomainSettings settings;
    settings.keys["s"] = dkim::PrivateKey::make_ed25519();
    dkim::Signer::Domains domains;
    for (const auto& name : names)
        domains.emplace(domain(name), settings);
    return domains;
}

std::string chosen(const std::string& wanted, const std::vector<std::string>& names) {
    const auto found = choose_submitter(
        wanted.empty() ? dns::Domain() : domain(wanted), domain("mta1.mail.example.org"),
        signing(names)
    );
    return found ? found->domain.ascii() : "none";
}

}  // namespace

TEST_CASE("reports are submitted by the nearest domain above the host that signs") {
    CHECK(chosen("", {"example.org", "other.example"}) == "example.org");
    CHECK(chosen("", {"example.org", "mail.example.org"}) == "mail.example.org");
    CHECK(chosen("", {"mta1.mail.example.org", "example.org"}) == "mta1.mail.example.org");
    CHECK(chosen("", {"other.example", "below.mta1.mail.example.org"}) == "none");
}

TEST_CASE("the domain that is configured submits them, or nobody does") {
    CHECK(chosen("other.example", {"example.org", "other.example"}) == "other.example");
    CHECK(chosen("other.example", {"example.org"}) == "none");
}

TEST_CASE("a domain without keys that sign submits nothing") {
    dkim::Signer::Domains domains;
    domains.emplace(domain("example.org"), dkim::DomainSettings());
    CHECK_FALSE(choose_submitter({}, domain("mta1.example.org"), domains));
}
