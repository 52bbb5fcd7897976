// SPDX-License-Identifier: Apache-2.0
#include "core/net/tls/judge.hpp"

#include <doctest/doctest.h>

#include "tests/unit/net/tls/handshake.hpp"

using namespace outpost;
using namespace outpost::test;
using tls::PkixProblem;
using tls::TlsDemand;
using tls::TlsRequirement;
using Kind = tls::TlsFailure::Kind;
using Names = std::vector<std::string>;

namespace {

const TestCertificate root = TestCertificate::authority("Root");
const TestCertificate intermediate = TestCertificate::authority("Intermediate", &root);
const TestCertificate stranger = TestCertificate::authority("Stranger");

CertificateContent content_for(const Names& names) {
    CertificateContent content;
    content.names = names;
    return content;
}
CertificateContent expired(const Names& names = {"mx.test"}) {
    CertificateContent content = content_for(names);
    content.valid_from = -30;
    content.valid_to = -1;
    return content;
}
CertificateContent not_yet_valid() {
    CertificateContent content;
    content.valid_from = 10;
    return content;
}

/// What a mail server shows: its certificate and the intermediate that signed it.
Shown server(const CertificateContent& content = {}) {
    return {TestCertificate(content, &intermediate), {intermediate}};
}

TlsRequirement by_dane(
    std::vector<tls::TlsaRecord> records, Names names = {"mx.test"},
    const std::string& base_domain = "mx.test"
) {
    TlsRequirement asked = TlsRequirement::encrypted("dane");
    asked.dane.push_back({base_domain, std::move(records), std::move(names)});
    return asked;
}
TlsRequirement by_pkix(Names names = {"mx.test"}) {
    return TlsRequirement::verified(std::move(names), "mta-sts");
}
TlsDemand enforced(TlsRequirement requirement) {
    return {std::move(requirement), {}};
}
TlsDemand watched(TlsRequirement requirement) {
    return {{}, std::move(requirement)};
}

/// "passes", or how it fails.
std::string ending(const std::optional<tls::TlsFailure>& failure) {
    if (!failure) return "passes";
    return failure->kind == Kind::dane ? "dane" : failure->kind == Kind::pkix ? "pkix" : "other";
}

}  // namespace

TEST_CASE("a record of each selector and matching type stands for its certificate, and no other") {
    const Shown shown = server(), other = server();
    for (const int usage : {2, 3}) {
        for (const int selector : {0, 1}) {
            for (const int matching : {0, 1, 2}) {
                CAPTURE(usage);
                CAPTURE(selector);
                CAPTURE(matching);
                const TestCertificate& meant = usage == 3 ? shown.leaf : intermediate;
                const TestCertificate& another = usage == 3 ? other.leaf : stranger;
                const auto record = meant.tlsa(usage, selector, matching);
                const Judged good = judged(shown, {}, enforced(by_dane({record})));
                CHECK(ending(good.failure) == "passes");
                CHECK(good.facts.dane_verified == true);
                CHECK(good.facts.dane_record == tls::text(record));

                const auto wrong = another.tlsa(usage, selector, matching);
                const Judged bad = judged(shown, {}, enforced(by_dane({wrong})));
                CHECK(ending(bad.failure) == "dane");
                CHECK(bad.failure->reason_code == "dane-no-match");
                CHECK(bad.facts.dane_verified == false);
                CHECK(bad.facts.dane_record.empty());
                CHECK_FALSE(bad.facts.dane_error.empty());
            }
        }
    }
}

TEST_CASE("DANE-EE asks for a key and nothing else: neither name, dates, purpose nor issuer") {
    CertificateContent for_clients;
    for_clients.usage = "clientAuth";
    for (const CertificateContent& content :
         {expired({"other.test"}), not_yet_valid(), content_for({}), for_clients}) {
        const TestCertificate alone(content);
        const Judged result = judged({alone, {}}, {}, enforced(by_dane({alone.tlsa(3, 1, 1)})));
        CHECK(ending(result.failure) == "passes");
        CHECK_FALSE(result.facts.pkix_verified);
    }
}

TEST_CASE("DANE-TA asks for a name, dates and a chain that ends at its record") {
    const auto by_intermediate = intermediate.tlsa(2, 0, 1), by_root = root.tlsa(2, 1, 1);
    struct Case {
        const char* what;
        Shown shown;
        tls::TlsaRecord record;
        Names names;
        const char* ending;
    };
    const TestCertificate foreign({}, &stranger);
    const Case cases[] = {
        {"all is well", server(), by_intermediate, {"mx.test"}, "passes"},
        {"the anchor is a root that nobody shows", server(), by_root, {"mx.test"}, "dane"},
        {"wrong name", server(content_for({"other.test"})), by_intermediate, {"mx.test"}, "dane"},
        {"no name", server(content_for({})), by_intermediate, {"mx.test"}, "dane"},
        {"the recipient's domain is a name, too",
         server(content_for({"rcpt.test"})),
         by_intermediate,
         {"mx.test", "rcpt.test"},
         "passes"},
        {"a wildcard for a label",
         server(content_for({"*.mail.test"})),
         by_intermediate,
         {"mx.test", "mx.mail.test"},
         "passes"},
        {"a wildcard for half a label",
         server(content_for({"m*.mail.test"})),
         by_intermediate,
         {"mx.test", "mx.mail.test"},
         "dane"},
        {"expired", server(expired()), by_intermediate, {"mx.test"}, "dane"},
        {"not yet valid", server(not_yet_valid()), by_intermediate, {"mx.test"}, "dane"},
        {"signed by another",
         {foreign, {stranger, intermediate}},
         by_intermediate,
         {"mx.test"},
         "dane"},
        {"the anchor is not shown", {server().leaf, {}}, by_intermediate, {"mx.test"}, "dane"},
        {"the anchor is in the record",
         {server().leaf, {}},
         intermediate.tlsa(2, 0, 0),
         {"mx.test"},
         "passes"},
    };
    for (const Case& each : cases) {
        CAPTURE(std::string(each.what));
        const Judged result = judged(each.shown, {}, enforced(by_dane({each.record}, each.names)));
        CHECK(ending(result.failure) == std::string(each.ending));
    }
    const TestCertificate leaf({}, &intermediate);
    CHECK(
        ending(judged({leaf, {intermediate, root}}, {}, enforced(by_dane({by_root}))).failure) ==
        "passes"
    );
}

TEST_CASE("trusted roots do not soften DANE-TA: a certificate for another name is refused") {
    const Shown shown = server(content_for({"other.test"}));
    const auto demand = enforced(by_dane({intermediate.tlsa(2, 1, 1)}));
    CHECK(ending(judged(shown, {root}, demand).failure) == "dane");
    CHECK(ending(judged(shown, {root}, demand, "other.test").failure) == "dane");
}

TEST_CASE("one record that matches is enough, whatever the others are") {
    const Shown shown = server();
    const std::vector records = {
        stranger.tlsa(2, 0, 1), TestCertificate({}).tlsa(3, 1, 1), shown.leaf.tlsa(3, 0, 1)
    };
    const Judged result = judged(shown, {}, enforced(by_dane(records)));
    CHECK(ending(result.failure) == "passes");
    CHECK(result.facts.dane_record == tls::text(records[2]));
}

TEST_CASE("records that OpenSSL cannot use match nothing, and PKIX does not stand in for them") {
    const tls::TlsaRecord no_certificate{3, 0, 0, "no certificate"}, unknown{3, 1, 77, "x"};
    const Judged result = judged(server(), {root}, enforced(by_dane({no_certificate, unknown})));
    CHECK(ending(result.failure) == "dane");
    CHECK(result.facts.pkix_verified);
}

TEST_CASE("DANE and PKIX both asked for: both must pass, each against its own names") {
    struct Case {
        const char* what;
        Names certificate;
        bool trusted, matching;
        const char* ending;
    };
    const Case cases[] = {
        {"both", {"real.test", "mx.test"}, true, true, "passes"},
        {"PKIX has nothing to do with the base domain", {"real.test"}, true, true, "pkix"},
        {"DANE-TA has nothing to do with the MX host's name", {"mx.test"}, true, true, "dane"},
        {"only DANE", {"real.test", "mx.test"}, false, true, "pkix"},
        {"only PKIX", {"real.test", "mx.test"}, true, false, "dane"},
        {"neither", {"other.test"}, false, false, "dane"},
    };
    for (const Case& each : cases) {
        CAPTURE(std::string(each.what));
        const auto record = (each.matching ? intermediate : stranger).tlsa(2, 1, 1);
        const auto both = by_dane({record}, {"real.test"}, "real.test").stricter(by_pkix());
        const auto roots = each.trusted ? std::vector{root} : std::vector<TestCertificate>{};
        const Judged result = judged(server(content_for(each.certificate)), roots, enforced(both));
        CHECK(ending(result.failure) == std::string(each.ending));
    }
    // What DANE-EE does not ask for, PKIX still does.
    const Shown old = server(expired());
    const auto both = by_dane({old.leaf.tlsa(3, 1, 1)}).stricter(by_pkix());
    const Judged result = judged(old, {root}, enforced(both));
    CHECK(ending(result.failure) == "pkix");
    CHECK(result.facts.dane_verified == true);
    CHECK(result.facts.pkix_problem == PkixProblem::expired);
}

TEST_CASE("two names asked for by PKIX must both be the certificate's") {
    const auto both = by_pkix({"mx.test"}).stricter(by_pkix({"mail.test"}));
    CHECK(ending(judged(server(), {root}, enforced(both)).failure) == "pkix");
    const Shown for_both = server(content_for({"mx.test", "mail.test"}));
    CHECK(ending(judged(for_both, {root}, enforced(both)).failure) == "passes");
}

TEST_CASE("what is only watched is told and stops nothing") {
    const Shown shown = server(content_for({"other.test"}));
    const Judged pkix = judged(shown, {root}, watched(by_pkix()));
    CHECK_FALSE(pkix.failure);
    CHECK(ending(pkix.facts.watched) == "pkix");
    CHECK_FALSE(pkix.facts.unmet);
    CHECK(
        pkix.facts.summary().find("would have failed: the certificate is not for mx.test") !=
        std::string::npos
    );

    const Judged dane = judged(shown, {root}, watched(by_dane({stranger.tlsa(2, 1, 1)})));
    CHECK_FALSE(dane.failure);
    CHECK(ending(dane.facts.watched) == "dane");
    CHECK(dane.facts.dane_verified == false);

    const Judged met = judged(shown, {root}, watched(by_dane({shown.leaf.tlsa(3, 1, 1)})));
    CHECK_FALSE(met.facts.watched);
    CHECK(met.facts.dane_verified == true);

    // Beside what is enforced: each is judged for itself.
    const TlsDemand mixed{by_pkix({"other.test"}), by_dane({stranger.tlsa(2, 1, 1)})};
    const Judged one_of_both = judged(shown, {root}, mixed, "other.test");
    CHECK_FALSE(one_of_both.failure);
    CHECK(ending(one_of_both.facts.watched) == "dane");
}

TEST_CASE("TLS-Required: No: the failure is returned and kept, for the session to go on") {
    const TlsDemand demand = enforced(by_dane({stranger.tlsa(2, 1, 1)}).relaxed());
    const Judged result = judged(server(), {root}, demand);
    CHECK(ending(result.failure) == "dane");
    CHECK(ending(result.facts.unmet) == "dane");
}

TEST_CASE("what is wrong by PKIX is told apart, with and without DANE") {
    CertificateContent for_clients;
    for_clients.usage = "clientAuth";
    const TestCertificate no_authority({}, &root);
    const TestCertificate signed_by_leaf({}, &no_authority);
    struct Case {
        const char* what;
        Shown shown;
        PkixProblem problem;
        const char* reason_code;
    };
    const Case cases[] = {
        {"valid", server(), PkixProblem::none, ""},
        {"expired", server(expired()), PkixProblem::expired, ""},
        {"not yet valid", server(not_yet_valid()), PkixProblem::expired, ""},
        {"for another", server(content_for({"other.test"})), PkixProblem::host_mismatch, ""},
        {"for nobody: the common name does not count", server(content_for({})),
         PkixProblem::host_mismatch, ""},
        {"part of a label", server(content_for({"m*.test"})), PkixProblem::host_mismatch, ""},
        {"self-signed", {TestCertificate(CertificateContent{}), {}}, PkixProblem::not_trusted, ""},
        {"unknown authority",
         {TestCertificate({}, &stranger), {stranger}},
         PkixProblem::not_trusted,
         ""},
        {"intermediate missing", {server().leaf, {}}, PkixProblem::not_trusted, ""},
        {"for clients only", server(for_clients), PkixProblem::not_trusted, "incompatible-key-usage"
        },
        {"signed by what is no authority",
         {signed_by_leaf, {no_authority}},
         PkixProblem::not_trusted,
         "not-authorized-to-sign"},
    };
    for (const Case& each : cases) {
        CAPTURE(std::string(each.what));
        const auto dane = by_dane({each.shown.leaf.tlsa(3, 1, 1)});
        for (const TlsDemand& demand : {TlsDemand{}, enforced(dane), enforced(by_pkix())}) {
            const Judged result = judged(each.shown, {root}, demand);
            CHECK(result.facts.pkix_problem == each.problem);
            CHECK(result.facts.pkix_verified == (each.problem == PkixProblem::none));
            CHECK(result.facts.pkix_reason_code == each.reason_code);
            CHECK(result.facts.pkix_error.empty() == result.facts.pkix_verified);
        }
    }
}

TEST_CASE("SNI is the TLSA base domain, else the host's name, and never an address") {
    const auto dane = by_dane({root.tlsa(2, 1, 1)}, {"real.test", "mx.test"}, "real.test");
    CHECK(judged(server(), {}, {}).sni == "mx.test");
    CHECK(judged(server(), {}, {}, "192.0.2.1").sni.empty());
    CHECK(judged(server(), {}, enforced(dane)).sni == "real.test");
    CHECK(judged(server(), {}, watched(dane)).sni == "real.test");
}

TEST_CASE("one handshake is checked against one set of records") {
    const auto one = by_dane({root.tlsa(2, 1, 1)}), other = by_dane({stranger.tlsa(2, 1, 1)});
    CHECK_THROWS_AS(judged(server(), {}, enforced(one.stricter(other))), std::invalid_argument);
    CHECK_THROWS_AS(judged(server(), {}, TlsDemand{one, other}), std::invalid_argument);
    CHECK_NOTHROW(judged(server(), {}, TlsDemand{one, one}));
}

TEST_CASE("the certificates that a server shows are told leaf first") {
    const Shown shown = server(content_for({"mx.test", "*.mail.test", "192.0.2.1", "2001:db8::1"}));
    const auto chain = judged(shown, {}, {}).chain;
    REQUIRE(chain.size() == 2);
    const tls::CertificateFacts& leaf = chain[0];
    CHECK(leaf.subject == "CN=mx.test");
    CHECK(leaf.issuer == "CN=Intermediate");
    CHECK(leaf.names == Names{"mx.test", "*.mail.test", "192.0.2.1", "2001:db8::1"});
    CHECK("3 1 1 " + leaf.public_key_sha256 == tls::text(shown.leaf.tlsa(3, 1, 1)));
    const auto day = std::chrono::hours(24);
    CHECK(leaf.not_after - leaf.not_before == 31 * day);
    CHECK(leaf.not_before < WallClock::now());
    CHECK(leaf.not_after > WallClock::now() + 29 * day);
    CHECK(chain[1].subject == "CN=Intermediate");
    CHECK(chain[1].issuer == "CN=Root");
    CHECK(chain[1].names.empty());
    CHECK("2 1 1 " + chain[1].public_key_sha256 == tls::text(intermediate.tlsa(2, 1, 1)));
}
