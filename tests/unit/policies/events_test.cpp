// SPDX-License-Identifier: Apache-2.0
// What both policies count of the same hosts: neither takes away from the other.
#include <doctest/doctest.h>

#include <set>
#include <string>

#include "policies/dane/events.hpp"
#include "policies/mta_sts/events.hpp"

using namespace outpost;
using delivery::SecurityEvents;
using tls::Refusal;
using tls::TlsDemand;
using tls::TlsFailure;
using tls::TlsObservation;
using tls::TlsRequirement;
namespace Dane = dane::events;
namespace Sts = mta_sts::events;

namespace {

TlsRequirement by_dane() {
    TlsRequirement requirement = TlsRequirement::encrypted("dane");
    requirement.dane.push_back({"mx.example.org", {{3, 1, 1, "digest"}}, {"mx.example.org"}});
    return requirement;
}
TlsRequirement by_sts() {
    return TlsRequirement::verified({"mx.example.org"}, "mta-sts");
}

TlsObservation encrypted() {
    TlsObservation seen;
    seen.starttls_offered = seen.starttls_tried = true;
    seen.reached = tls::TlsFacts{};
    return seen;
}
TlsObservation failed(TlsFailure::Kind kind) {
    const bool handshake_done = kind == TlsFailure::Kind::pkix || kind == TlsFailure::Kind::dane;
    TlsObservation seen = handshake_done ? encrypted() : TlsObservation{};
    seen.failure = TlsFailure{kind, "test", "", 0};
    return seen;
}

SecurityEvents session(const TlsDemand& demand, const TlsObservation& seen) {
    SecurityEvents noted;
    dane::note_session(noted, demand, seen);
    mta_sts::note_session(noted, demand, seen);
    return noted;
}
SecurityEvents host(const TlsDemand& demand) {
    SecurityEvents noted;
    dane::note_host(noted, demand);
    mta_sts::note_host(noted, demand);
    return noted;
}

TlsRequirement forbidden(Refusal::Kind kind, const char* policy) {
    TlsRequirement requirement;
    requirement.forbidden.push_back({kind, "test", policy});
    return requirement;
}

}  // namespace

TEST_CASE("every event of a policy has a name of its own") {
    std::set<std::string> names;
    for (const auto& all : {Dane::all(), Sts::all(), delivery::events::all()}) {
        for (const auto* event : all)
            names.insert(std::string(event->metric) + "/" + event->value);
    }
    const auto count = Dane::all().size() + Sts::all().size() + delivery::events::all().size();
    CHECK(names.size() == count);
    CHECK(Sts::would_fail.metric == std::string("outpost_mta_sts_hosts_total"));
}

TEST_CASE("DANE and MTA-STS are counted each by its own proof") {
    const TlsDemand both{by_dane().stricter(by_sts()), {}};
    CHECK(session(both, encrypted()) == SecurityEvents{&Dane::verified, &Sts::verified});
    CHECK(
        session(both, failed(TlsFailure::Kind::dane)) ==
        SecurityEvents{&Dane::failed, &Sts::verified}
    );
    CHECK(
        session(both, failed(TlsFailure::Kind::pkix)) ==
        SecurityEvents{&Dane::verified, &Sts::failed}
    );
    const SecurityEvents neither{&Dane::failed, &Sts::failed};
    CHECK(session(both, failed(TlsFailure::Kind::handshake)) == neither);
    CHECK(session(both, failed(TlsFailure::Kind::starttls_refused)) == neither);
    CHECK(session(both, {}) == neither);
}

TEST_CASE("TLSA records of which none is usable ask for TLS and no more") {
    const TlsDemand unusable{TlsRequirement::encrypted("dane"), {}};
    CHECK(session(unusable, encrypted()) == SecurityEvents{&Dane::unauthenticated});
    CHECK(session(unusable, {}) == SecurityEvents{&Dane::failed});
}

TEST_CASE("what is only watched is counted when it would have failed") {
    const TlsDemand watched{{}, by_dane().stricter(by_sts())};
    CHECK(session(watched, encrypted()).empty());
    CHECK(session(watched, failed(TlsFailure::Kind::dane)) == SecurityEvents{&Dane::would_fail});
    CHECK(session(watched, {}) == SecurityEvents{&Dane::would_fail, &Sts::would_fail});
    CHECK(
        host({{}, forbidden(Refusal::Kind::host_unknown, "dane")}) ==
        SecurityEvents{&Dane::would_fail}
    );
    CHECK(
        host({{}, forbidden(Refusal::Kind::domain_excludes, "mta-sts")}) ==
        SecurityEvents{&Sts::would_fail}
    );
}

TEST_CASE("what stands against a host is counted, and once more when TLS-Required: No ignores it") {
    struct Case {
        Refusal::Kind kind;
        const char* policy;
        const delivery::SecurityEvent *event, *ignored;
    };
    const Case cases[] = {
        {Refusal::Kind::domain_unknown, "mta-sts", &Sts::lookup_failed, &Sts::ignored_lookup},
        {Refusal::Kind::domain_excludes, "mta-sts", &Sts::mx_mismatch, &Sts::ignored_mx},
        {Refusal::Kind::host_unknown, "dane", &Dane::lookup_failed, &Dane::ignored_lookup},
        {Refusal::Kind::host_unproven, "dane", &Dane::failed, &delivery::events::ignored_dane},
    };
    for (const Case& one : cases) {
        const TlsRequirement requirement = forbidden(one.kind, one.policy);
        CHECK(host({requirement, {}}) == SecurityEvents{one.event});
        CHECK(host({requirement.relaxed(), {}}) == SecurityEvents{one.event, one.ignored});
    }
    CHECK(host({forbidden(Refusal::Kind::requiretls, ""), {}}).empty());
}

TEST_CASE("what a session proves counts as proved, though TLS-Required: No would have ignored it") {
    const TlsDemand relaxed{by_dane().stricter(by_sts()).relaxed(), {}};
    CHECK(session(relaxed, encrypted()) == SecurityEvents{&Dane::verified, &Sts::verified});
    TlsDemand demand{by_sts(), {}};
    demand.enforced.must_announce_requiretls = true;
    CHECK(session(demand, encrypted()) == SecurityEvents{&Sts::verified});
    CHECK(session(demand, failed(TlsFailure::Kind::pkix)) == SecurityEvents{&Sts::failed});
}
