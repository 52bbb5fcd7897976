// SPDX-License-Identifier: Apache-2.0
#include "core/domains/check/tlsa.hpp"

#include <doctest/doctest.h>

#include "core/domains/check/served.hpp"
#include "core/foundation/base/encoding.hpp"
#include "tests/unit/domains/check/lookups.hpp"

using namespace outpost;
using namespace outpost::domain_check;
using dns::Security;
using dns::Type;

namespace {

const tls::TlsaRecord one{3, 1, 1, std::string(32, '\x01')},
    other{3, 1, 1, std::string(32, '\x02')};

std::string rdata(const tls::TlsaRecord& record) {
    return std::string{
               static_cast<char>(record.usage), static_cast<char>(record.selector),
               static_cast<char>(record.matching)
           } +
           record.data;
}

Lookup published(
    const std::vector<tls::TlsaRecord>& records, Security security = Security::secure
) {
    std::vector<std::string> texts;
    for (const auto& record : records)
        texts.push_back(rdata(record));
    return test::found(Type::tlsa, texts, security);
}

std::string judge(const std::vector<tls::TlsaRecord>& keys, const Lookup& answer) {
    return test::grades(judge_tlsa("mx.a.example", keys, answer));
}

Session a_session(bool dane, bool pkix) {
    Session session;
    session.address = test::ip("192.0.2.1");
    session.seen.starttls_offered = session.seen.starttls_tried = true;
    session.seen.reached.emplace();
    session.seen.reached->version = "TLSv1.3";
    session.seen.reached->dane_verified = dane;
    session.seen.reached->pkix_verified = pkix;
    session.chain.emplace_back();
    session.chain.front().public_key_sha256 = hex_encode(one.data);
    return session;
}

std::string judge(const Session& session, const Demands& demands) {
    return test::grades(judge_session("mx.a.example", session, demands));
}

}  // namespace

TEST_CASE("each configured key has its record, and records of other keys are pointed out") {
    CHECK(judge({one, other}, published({other, one})) == "ok ok");
    CHECK(judge({one, other}, published({one})) == "ok missing");
    CHECK(judge({one}, test::no_such_name()) == "missing");
    CHECK(judge({one}, published({one, other})) == "ok warning");
    CHECK(judge({one}, published({one, {1, 1, 1, one.data}})) == "ok warning");
    CHECK(judge({one}, published({one, {2, 1, 1, other.data}})) == "ok");  // of a CA
    CHECK(judge({one}, test::failed()) == "unknown");
    CHECK(judge({one}, test::failed(dns::Failure::Kind::bogus)) == "wrong");
}

TEST_CASE("in a zone that is not signed records are of no use, and none is missing") {
    CHECK(judge({one}, published({one}, Security::insecure)) == "warning");
    CHECK(judge({one}, published({}, Security::insecure)) == "warning");
    CHECK(judge({one}, published({}, Security::indeterminate)) == "warning");
}

TEST_CASE("without configured keys there is nothing to compare with") {
    CHECK(judge({}, published({one})) == "ok");
    CHECK(judge({}, published({})) == "warning");
}

TEST_CASE("senders go by records that are usable and secure") {
    CHECK(binds_senders(published({one})));
    CHECK(!binds_senders(published({one}, Security::insecure)));
    CHECK(!binds_senders(published({{0, 1, 1, one.data}})));
    CHECK(!binds_senders(published({})));
    CHECK(!binds_senders(test::failed()));
}

TEST_CASE("senders ask for records only of hosts that a secure answer names") {
    const auto mx = [](Security security) { return test::found(Type::mx, {"mx"}, security); };
    CHECK(judge_path_to_tlsa("a.example", mx(Security::secure)).empty());
    CHECK(test::grades(judge_path_to_tlsa("a.example", mx(Security::insecure))) == "warning");
    CHECK(judge_path_to_tlsa("a.example", mx(Security::indeterminate)).empty());
}

TEST_CASE("a served certificate is what senders ask for") {
    CHECK(judge(a_session(true, true), {{one}, true, true}) == "ok ok");
    CHECK(judge(a_session(false, true), {{one}, true, true}) == "wrong ok");
    CHECK(judge(a_session(true, false), {{one}, true, true}) == "ok wrong");
    CHECK(judge(a_session(false, false), {}) == "ok");
    CHECK(judge(a_session(true, true), {{other}, true, true}) == "ok ok warning");
}

TEST_CASE("a certificate without TLSA record says what to publish") {
    const auto findings =
        judge_session("mx.a.example", a_session(false, true), {{one}, true, false});
    REQUIRE(findings.size() == 1);
    CHECK(findings[0].expected == "3 1 1 " + hex_encode(one.data));
    CHECK(findings[0].about.name == "mx.a.example (192.0.2.1)");
}

TEST_CASE("a server that cannot be reached is not known, one where nobody listens is wrong") {
    Session session;
    session.address = test::ip("192.0.2.1");
    session.trouble = "it took too long";
    CHECK(judge(session, {}) == "unknown");
    session.lasting = true;
    CHECK(judge(session, {}) == "wrong");
}

TEST_CASE("a server without STARTTLS, or with one that fails, is wrong") {
    Session session;
    session.address = test::ip("192.0.2.1");
    CHECK(test::said(judge_session("mx", session, {})).front() == "wrong: STARTTLS is not offered");
    session.seen.starttls_offered = session.seen.starttls_tried = true;
    session.seen.failure = tls::TlsFailure{tls::TlsFailure::Kind::handshake, "an alert", {}, 0};
    session.trouble = "an alert";
    CHECK(test::said(judge_session("mx", session, {})).front() == "wrong: TLS fails: an alert");
}
