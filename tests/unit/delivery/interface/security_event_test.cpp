// SPDX-License-Identifier: Apache-2.0
#include "core/delivery/interface/security_event.hpp"

#include <doctest/doctest.h>

#include <set>
#include <string>

using namespace outpost;
using delivery::note_host;
using delivery::note_session;
using delivery::SecurityEvents;
using tls::Refusal;
using tls::TlsDemand;
using tls::TlsFailure;
using tls::TlsObservation;
using tls::TlsRequirement;
namespace Event = delivery::events;

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
    SecurityEvents noted;
    note_session(noted, demand, seen);
    return noted;
}
SecurityEvents host(const TlsDemand& demand) {
    SecurityEvents noted;
    note_host(noted, demand);
    return noted;
}

TlsRequirement forbidden(Refusal::Kind kind) {
    TlsRequirement requirement;
    requirement.forbidden.push_back({kind, "test"});
    return requirement;
}

}  // namespace

TEST_CASE("every event has a name of its own") {
    std::set<std::string> names;
    for (const auto* event : Event::all()) {
        names.insert(std::string(event->metric) + "/" + event->value);
    }
    CHECK(names.size() == Event::all().size());
    CHECK(Event::mx_bogus.value == std::string("bogus"));
    CHECK(Event::requiretls_unannounced.value == std::string("norequiretls"));
    CHECK(Event::ignored_pkix.value == std::string("pkix"));
    CHECK(Event::ignored_pkix.metric == std::string("outpost_tls_required_no_ignored_total"));
}

TEST_CASE("an answer that does not validate is bogus, a server that is silent tells nothing") {
    CHECK(&delivery::mx_event(dns::Security::secure) == &Event::mx_secure);
    CHECK(&delivery::mx_event(dns::Security::insecure) == &Event::mx_insecure);
    dns::Failure failure{dns::Failure::Kind::timeout, "test"};
    CHECK(&delivery::mx_event(failure) == &Event::mx_indeterminate);
    failure.kind = dns::Failure::Kind::bogus;
    CHECK(&delivery::mx_event(failure) == &Event::mx_bogus);
}

TEST_CASE("a session without any demand is not counted, whatever it showed") {
    CHECK(session({}, encrypted()).empty());
    CHECK(session({}, {}).empty());
    CHECK(session({}, failed(TlsFailure::Kind::handshake)).empty());
    TlsDemand relaxed;
    relaxed.enforced = relaxed.enforced.relaxed();
    CHECK(session(relaxed, failed(TlsFailure::Kind::starttls_refused)).empty());
}

TEST_CASE("REQUIRETLS that nothing verifies counts, whatever else stands against the host") {
    CHECK(
        host({forbidden(Refusal::Kind::requiretls), {}}) ==
        SecurityEvents{&Event::requiretls_nopolicy}
    );
    // Refusals of policies are the policies' to count.
    CHECK(host({forbidden(Refusal::Kind::domain_excludes), {}}).empty());
}

TEST_CASE("TLS-Required: No counts what it made no difference to as not ignored") {
    const TlsDemand relaxed{dane().stricter(mta_sts()).relaxed(), {}};
    const auto last = [&](const TlsObservation& seen) { return session(relaxed, seen).back(); };
    CHECK(session(relaxed, encrypted()).empty());
    CHECK(last({}) == &Event::ignored_starttls);
    CHECK(last(failed(TlsFailure::Kind::starttls_refused)) == &Event::ignored_starttls);
    CHECK(last(failed(TlsFailure::Kind::handshake)) == &Event::ignored_handshake);
    CHECK(last(failed(TlsFailure::Kind::alert_after)) == &Event::ignored_handshake);
    CHECK(last(failed(TlsFailure::Kind::dane)) == &Event::ignored_dane);
    CHECK(last(failed(TlsFailure::Kind::pkix)) == &Event::ignored_pkix);
}

TEST_CASE("REQUIRETLS that is not announced under TLS counts, but not when TLS failed already") {
    TlsDemand demand{mta_sts(), {}};
    demand.enforced.must_announce_requiretls = true;
    CHECK(session(demand, encrypted()) == SecurityEvents{&Event::requiretls_unannounced});
    TlsObservation announced = encrypted();
    announced.requiretls_offered = true;
    CHECK(session(demand, announced).empty());
    CHECK(session(demand, failed(TlsFailure::Kind::pkix)).empty());
}
