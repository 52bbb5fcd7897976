// SPDX-License-Identifier: Apache-2.0
#include "core/delivery/interface/tls_decision.hpp"

#include <doctest/doctest.h>

#include <array>

using namespace outpost;
using namespace outpost::delivery;
using tls::Refusal;
using tls::TlsDemand;
using tls::TlsRequirement;

namespace {

/// What a policy may say of a host.
enum class Sts { none, testing, enforce, mismatch, testing_mismatch, lookup_error };
enum class Dane { none, usable, unusable, lookup_error, required, watched, watched_error };

const TlsRequirement by_pkix = TlsRequirement::verified({"mx.test"}, "mta-sts");

TlsRequirement by_dane() {
    TlsRequirement asked = TlsRequirement::encrypted("dane");
    asked.dane.push_back({"mx.test", {{3, 1, 1, std::string(32, 'a')}}, {"mx.test"}});
    return asked;
}

TlsRequirement refusing(Refusal::Kind kind, const char* source) {
    TlsRequirement asked;
    asked.sources.emplace_back(source);
    asked.forbidden.push_back({kind, std::string("why not, by ") + source});
    return asked;
}

TlsRequirement off_policy() {
    return by_pkix.stricter(refusing(Refusal::Kind::domain_excludes, "mta-sts"));
}

TlsDemand demand_of(Sts sts) {
    switch (sts) {
        case Sts::none:
            return {};
        case Sts::testing:
            return {{}, by_pkix};
        case Sts::enforce:
            return {by_pkix, {}};
        case Sts::mismatch:
            return {off_policy(), {}};
        case Sts::testing_mismatch:
            return {{}, off_policy()};
        case Sts::lookup_error:
            return {refusing(Refusal::Kind::domain_unknown, "mta-sts"), {}};
    }
    return {};
}

TlsDemand demand_of(Dane dane) {
    switch (dane) {
        case Dane::none:
            return {};
        case Dane::usable:
            return {by_dane(), {}};
        case Dane::unusable:
            return {TlsRequirement::encrypted("dane"), {}};
        case Dane::lookup_error:
            return {refusing(Refusal::Kind::host_unknown, "dane"), {}};
        case Dane::required:
            return {refusing(Refusal::Kind::host_unproven, "dane"), {}};
        case Dane::watched:
            return {{}, by_dane()};
        case Dane::watched_error:
            return {{}, refusing(Refusal::Kind::host_unknown, "dane")};
    }
    return {};
}

/// A cell: "TLS", checks, fallback, as `row` writes it.
std::string cell(TlsWish wish, Sts sts, Dane dane) {
    const TlsPlan plan = decide_tls(wish, demand_of(sts).joined(demand_of(dane)));
    if (plan.refused) return "refused " + plan.refused->status().text();
    const TlsRequirement& enforced = plan.demand.enforced;
    std::string out = plan.mode == TlsMode::required ? "required" : "opportunistic";
    if (!enforced.pkix.empty()) out += " pkix";
    if (!enforced.dane.empty()) out += " dane";
    if (enforced.must_announce_requiretls) out += " requiretls";
    if (enforced.ignore_errors && enforced.needs_verification()) out += " ignored";
    if (plan.may_fall_back()) out += " or clear";
    return out;
}

constexpr std::array all_of_sts = {Sts::none,     Sts::testing,          Sts::enforce,
                                   Sts::mismatch, Sts::testing_mismatch, Sts::lookup_error};

/// One row: a wish and what DANE says, with a cell for each standing of MTA-STS.
struct Row {
    TlsWish wish;
    Dane dane;
    std::array<const char*, all_of_sts.size()> cells;
};

}  // namespace

// The columns: no MTA-STS, testing, enforce, enforce without this host, testing without this host,
// the policy cannot be looked up.
TEST_CASE("every cell of the decision: the message's wish, MTA-STS and DANE") {
    using enum TlsWish;
    const char* const clear = "opportunistic or clear";
    const char* const dns = "refused 4.4.3";
    const char* const mx = "refused 4.7.5";
    const char* const rt = "refused 4.7.30";
    const Row rows[] = {
        // nothing wished for
        {standard, Dane::none, {clear, clear, "required pkix", mx, clear, dns}},
        {standard,
         Dane::usable,
         {"required dane", "required dane", "required pkix dane", mx, "required dane", dns}},
        {standard, Dane::unusable, {"required", "required", "required pkix", mx, "required", dns}},
        {standard, Dane::lookup_error, {dns, dns, dns, mx, dns, dns}},
        {standard, Dane::required, {mx, mx, mx, mx, mx, dns}},
        {standard, Dane::watched, {clear, clear, "required pkix", mx, clear, dns}},
        {standard, Dane::watched_error, {clear, clear, "required pkix", mx, clear, dns}},
        // REQUIRETLS: what is only watched or unverified does not do (RFC 8689 section 4.2.1)
        {required, Dane::none, {rt, rt, "required pkix requiretls", mx, rt, dns}},
        {required,
         Dane::usable,
         {"required dane requiretls", "required dane requiretls", "required pkix dane requiretls",
          mx, "required dane requiretls", dns}},
        {required, Dane::unusable, {rt, rt, "required pkix requiretls", mx, rt, dns}},
        {required, Dane::lookup_error, {dns, dns, dns, mx, dns, dns}},
        {required, Dane::required, {mx, mx, mx, mx, mx, dns}},
        {required, Dane::watched, {rt, rt, "required pkix requiretls", mx, rt, dns}},
        {required, Dane::watched_error, {rt, rt, "required pkix requiretls", mx, rt, dns}},
        // TLS-Required: No: tried as the policies ask, and never in the way
        {not_required,
         Dane::none,
         {clear, clear, "required pkix ignored or clear", "required pkix ignored or clear", clear,
          clear}},
        {not_required,
         Dane::usable,
         {"required dane ignored or clear", "required dane ignored or clear",
          "required pkix dane ignored or clear", "required pkix dane ignored or clear",
          "required dane ignored or clear", "required dane ignored or clear"}},
        {not_required,
         Dane::unusable,
         {"required or clear", "required or clear", "required pkix ignored or clear",
          "required pkix ignored or clear", "required or clear", "required or clear"}},
        {not_required,
         Dane::lookup_error,
         {clear, clear, "required pkix ignored or clear", "required pkix ignored or clear", clear,
          clear}},
        {not_required,
         Dane::required,
         {clear, clear, "required pkix ignored or clear", "required pkix ignored or clear", clear,
          clear}},
        {not_required,
         Dane::watched,
         {clear, clear, "required pkix ignored or clear", "required pkix ignored or clear", clear,
          clear}},
        {not_required,
         Dane::watched_error,
         {clear, clear, "required pkix ignored or clear", "required pkix ignored or clear", clear,
          clear}},
    };
    for (const Row& row : rows) {
        for (std::size_t n = 0; n < all_of_sts.size(); ++n) {
            CAPTURE(static_cast<int>(row.wish));
            CAPTURE(static_cast<int>(row.dane));
            CAPTURE(n);
            CHECK(cell(row.wish, all_of_sts[n], row.dane) == row.cells[n]);
        }
    }
}

TEST_CASE("what is only watched stays beside what is enforced, whatever the message wishes") {
    const TlsDemand asked = demand_of(Sts::testing).joined(demand_of(Dane::watched));
    for (const TlsWish wish : {TlsWish::standard, TlsWish::not_required})
        CHECK(decide_tls(wish, asked).demand.watched == asked.watched);
}

TEST_CASE("an attempt tells who asked for TLS, and who only watched") {
    const TlsDemand both = demand_of(Sts::enforce).joined(demand_of(Dane::usable));
    CHECK(decide_tls(TlsWish::standard, {}).policy.empty());
    CHECK(decide_tls(TlsWish::standard, both).policy == "dane, mta-sts");
    CHECK(decide_tls(TlsWish::required, both).policy == "REQUIRETLS, dane, mta-sts");
    CHECK(
        decide_tls(TlsWish::not_required, demand_of(Sts::testing)).policy ==
        "TLS-Required: No, (mta-sts)"
    );
}

TEST_CASE("a message's wish is read as it is written") {
    for (const TlsWish wish : {TlsWish::standard, TlsWish::required, TlsWish::not_required})
        CHECK(smtp::parse_tls_wish(to_string(wish)) == wish);
    CHECK(to_string(TlsWish::required) == "yes");
    CHECK(smtp::parse_tls_wish("No") == TlsWish::not_required);
    for (const char* bad : {"", "true", "1", "yes "})
        CHECK_FALSE(smtp::parse_tls_wish(bad));
}
