// SPDX-License-Identifier: Apache-2.0
#include "core/delivery/interface/security_event.hpp"

#include <doctest/doctest.h>

#include <set>
#include <string>

using namespace outpost;
using delivery::note_host;
using delivery::note_session;
using delivery::SecurityEvents;
using Event = delivery::SecurityEvent;
using tls::Refusal;
using tls::TlsDemand;
using tls::TlsFailure;
using tls::TlsObservation;
using tls::TlsRequirement;

namespace {

TlsRequirement dane() {
    TlsRequirement requirement = TlsRequirement::encrypted("dane");
    requirement.dane.push_back({"mx.example.org", {{3, 1, 1, "digest"}}, {"mx.example.org"}});
    return requirement;
}
TlsRequirement mta_sts() {
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
    SecurityEvents events;
    note_session(events, demand, seen);
    return events;
}
SecurityEvents host(const TlsDemand& demand) {
    SecurityEvents events;
    note_host(events, demand);
    return events;
}

TlsRequirement forbidden(Refusal::Kind kind) {
    TlsRequirement requirement;
    requirement.forbidden.push_back({kind, "test"});
    return requirement;
}

}  // namespace

TEST_CASE("every event has a name of its own") {
    std::set<std::string> names;
    for (std::size_t i = 0; i < delivery::security_event_count; ++i) {
        const auto [family, what] = delivery::name(static_cast<Event>(i));
        names.insert(std::string(family) + "/" + std::string(what));
    }
    CHECK(names.size() == delivery::security_event_count);
    CHECK(delivery::name(Event::mx_bogus).what == "bogus");
    CHECK(delivery::name(Event::requiretls_unannounced).what == "norequiretls");
    CHECK(delivery::name(Event::ignored_pkix).what == "pkix");
    CHECK(delivery::name(Event::mta_sts_would_fail).family == "mta_sts");
}

TEST_CASE("an answer that does not validate is bogus, a server that is silent tells nothing") {
    CHECK(delivery::mx_event(dns::Security::secure) == Event::mx_secure);
    CHECK(delivery::mx_event(dns::Security::insecure) == Event::mx_insecure);
    dns::Failure failure{dns::Failure::Kind::timeout, "test"};
    CHECK(delivery::mx_event(failure) == Event::mx_indeterminate);
    failure.kind = dns::Failure::Kind::bogus;
    CHECK(delivery::mx_event(failure) == Event::mx_bogus);
}

TEST_CASE("a session without any demand is not counted, whatever it showed") {
    CHECK(session({}, encrypted()).empty());
    CHECK(session({}, {}).empty());
    CHECK(session({}, failed(TlsFailure::Kind::handshake)).empty());
    TlsDemand relaxed;
    relaxed.enforced = relaxed.enforced.relaxed();
    CHECK(session(relaxed, failed(TlsFailure::Kind::starttls_refused)).empty());
}

TEST_CASE("DANE and MTA-STS are counted each by its own proof") {
    const TlsDemand both{dane().stricter(mta_sts()), {}};
    CHECK(
        session(both, encrypted()) == SecurityEvents{Event::dane_verified, Event::mta_sts_verified}
    );
    CHECK(
        session(both, failed(TlsFailure::Kind::dane)) ==
        SecurityEvents{Event::dane_failed, Event::mta_sts_verified}
    );
    CHECK(
        session(both, failed(TlsFailure::Kind::pkix)) ==
        SecurityEvents{Event::dane_verified, Event::mta_sts_failed}
    );
    const SecurityEvents neither{Event::dane_failed, Event::mta_sts_failed};
    CHECK(session(both, failed(TlsFailure::Kind::handshake)) == neither);
    CHECK(session(both, failed(TlsFailure::Kind::starttls_refused)) == neither);
    CHECK(session(both, {}) == neither);
}

TEST_CASE("TLSA records of which none is usable ask for TLS and no more") {
    const TlsDemand unusable{TlsRequirement::encrypted("dane"), {}};
    CHECK(session(unusable, encrypted()) == SecurityEvents{Event::dane_unauthenticated});
    CHECK(session(unusable, {}) == SecurityEvents{Event::dane_failed});
}

TEST_CASE("what is only watched is counted when it would have failed") {
    const TlsDemand watched{{}, dane().stricter(mta_sts())};
    CHECK(session(watched, encrypted()).empty());
    CHECK(
        session(watched, failed(TlsFailure::Kind::dane)) == SecurityEvents{Event::dane_would_fail}
    );
    CHECK(
        session(watched, {}) == SecurityEvents{Event::dane_would_fail, Event::mta_sts_would_fail}
    );
    CHECK(
        host({{}, forbidden(Refusal::Kind::tlsa_lookup)}) == SecurityEvents{Event::dane_would_fail}
    );
    CHECK(
        host({{}, forbidden(Refusal::Kind::mta_sts_mx)}) ==
        SecurityEvents{Event::mta_sts_would_fail}
    );
}

TEST_CASE("what stands against a host is counted, and once more when TLS-Required: No ignores it") {
    struct Case {
        Refusal::Kind kind;
        Event event, ignored;
    };
    const Case cases[] = {
        {Refusal::Kind::mta_sts_lookup, Event::mta_sts_lookup_failed, Event::ignored_mta_sts_lookup
        },
        {Refusal::Kind::mta_sts_mx, Event::mta_sts_mx_mismatch, Event::ignored_mta_sts_mx},
        {Refusal::Kind::tlsa_lookup, Event::dane_lookup_failed, Event::ignored_tlsa_lookup},
    };
    for (const Case& one : cases) {
        const TlsRequirement requirement = forbidden(one.kind);
        CHECK(host({requirement, {}}) == SecurityEvents{one.event});
        CHECK(host({requirement.relaxed(), {}}) == SecurityEvents{one.event, one.ignored});
    }
    CHECK(
        host({forbidden(Refusal::Kind::requiretls), {}}) ==
        SecurityEvents{Event::requiretls_nopolicy}
    );
}

TEST_CASE("TLS-Required: No counts what it made no difference to as not ignored") {
    const TlsDemand relaxed{dane().stricter(mta_sts()).relaxed(), {}};
    const auto last = [&](const TlsObservation& seen) { return session(relaxed, seen).back(); };
    CHECK(last(encrypted()) == Event::mta_sts_verified);
    CHECK(last({}) == Event::ignored_starttls);
    CHECK(last(failed(TlsFailure::Kind::starttls_refused)) == Event::ignored_starttls);
    CHECK(last(failed(TlsFailure::Kind::handshake)) == Event::ignored_handshake);
    CHECK(last(failed(TlsFailure::Kind::alert_after)) == Event::ignored_handshake);
    CHECK(last(failed(TlsFailure::Kind::dane)) == Event::ignored_dane);
    CHECK(last(failed(TlsFailure::Kind::pkix)) == Event::ignored_pkix);
}

TEST_CASE("REQUIRETLS that is not announced under TLS counts, but not when TLS failed already") {
    TlsDemand demand{mta_sts(), {}};
    demand.enforced.must_announce_requiretls = true;
    CHECK(
        session(demand, encrypted()) ==
        SecurityEvents{Event::mta_sts_verified, Event::requiretls_unannounced}
    );
    TlsObservation announced = encrypted();
    announced.requiretls_offered = true;
    CHECK(session(demand, announced) == SecurityEvents{Event::mta_sts_verified});
    CHECK(session(demand, failed(TlsFailure::Kind::pkix)) == SecurityEvents{Event::mta_sts_failed});
}
