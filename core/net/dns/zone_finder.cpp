// SPDX-License-Identifier: Apache-2.0
#include "core/net/dns/zone_finder.hpp"

#include <algorithm>

#include "core/foundation/base/log.hpp"

namespace outpost::dns {
namespace {

using dnssec::Claim;
using dnssec::Fault;
using dnssec::Message;
using dnssec::Name;
using dnssec::TrustAnchor;
using dnssec::Zone;
namespace code = dnssec::code;
namespace type = dnssec::type;

constexpr std::size_t most_names = 20'000;
constexpr std::uint32_t longest_ttl = 24 * 3600;
constexpr std::uint32_t fault_ttl = 5;     // RFC 4035 section 4.7: not for long
constexpr std::uint32_t silence_ttl = 60;  // servers that hand on no signatures, when lenient

std::shared_ptr<const Standing> standing(Standing value) {
    return std::make_shared<const Standing>(std::move(value));
}

std::shared_ptr<const Standing> insecure(int extended_error) {
    return standing({Standing::Kind::insecure, {}, extended_error, {}});
}

Found unsigned_in(const Zone& zone, const Claim& claim) {
    return Err{bogus(
        {claim.set != nullptr ? code::signatures_missing : code::denial_missing,
         fmt::format(
             "{} is in the signed zone {}, but {}", claim.name.text(), zone.apex.text(),
             claim.set != nullptr ? "its records have no signature"
                                  : "nothing proves that it has no such record"
         )}
    )};
}

Standing::Kind kind_of(dnssec::Cut::Kind cut) {
    switch (cut) {
        case dnssec::Cut::Kind::none:
            return Standing::Kind::inner;
        case dnssec::Cut::Kind::nothing_below:
            return Standing::Kind::nothing_below;
        case dnssec::Cut::Kind::insecure:
            break;
    }
    return Standing::Kind::insecure;
}

/// The keys of a zone whose DS records are known.
Result<dnssec::ZoneKeys, Fault> keys_in(
    const Message& message, const std::vector<dnssec::DelegationSigner>& signers,
    dnssec::Seconds now, dnssec::Budget& budget
) {
    const auto* set = dnssec::find(message.answer, message.question, type::dnskey);
    if (set == nullptr)
        return Err{Fault{code::key_missing, message.question.text() + " has no DNSKEY records"}};
    return dnssec::verify_keys(*set, signers, now, budget);
}

}  // namespace

Failure bogus(const Fault& fault) {
    return {Failure::Kind::bogus, fault.text, fault.extended_error};
}

Message message_of(const Name& name, dnssec::TypeNumber type, const Response& response) {
    return {
        name,
        type,
        response.code == ReplyCode::nxdomain,
        response.negative_ttl.has_value(),
        dnssec::group(response.proof_answer),
        dnssec::group(response.proof_authority)
    };
}

ZoneFinder::ZoneFinder(const ValidatorSetup& setup) : setup_(setup), known_(most_names) {}

dnssec::Seconds ZoneFinder::now() const {
    return std::chrono::duration_cast<std::chrono::seconds>(setup_.now().time_since_epoch())
        .count();
}

const TrustAnchor* ZoneFinder::anchor_above(const Name& name) const {
    const TrustAnchor* nearest = nullptr;
    for (const TrustAnchor& each : setup_.anchors) {
        if (!name.is_within(each.zone)) continue;
        if (nearest == nullptr || each.zone.is_below(nearest->zone)) nearest = &each;
    }
    return nearest;
}

bool ZoneFinder::is_left_out(const Name& name) const {
    const auto& domains = setup_.insecure_domains;
    return std::any_of(domains.begin(), domains.end(), [&](const Name& domain) {
        return name.is_within(domain);
    });
}

awaitable<Found> ZoneFinder::zone_of(ValidationJob& job, const Claim& claim) {
    if (is_left_out(claim.name)) co_return insecure(-1);
    const TrustAnchor* anchor = anchor_above(claim.name);
    if (anchor == nullptr)
        co_return standing({Kind::indeterminate, {}, 5, "no trust anchor covers the name"});
    // With a signature we go to the zone that it names; without one, to the name itself.
    const bool is_signed = claim.signer && claim.signer->is_within(anchor->zone);
    const Name& goal = is_signed ? *claim.signer : claim.name;
    Found zone = co_await standing_of(job, anchor->zone, anchor, nullptr);
    if (!zone || (*zone)->kind != Kind::zone) co_return zone;
    for (auto labels = anchor->zone.labels() + 1; labels <= goal.labels(); ++labels) {
        const Name name = goal.last(labels);
        const Found below = co_await standing_of(job, name, nullptr, &(*zone)->zone);
        if (!below || (*below)->kind == Kind::insecure) co_return below;
        if ((*below)->kind == Kind::nothing_below) break;
        if ((*below)->kind == Kind::zone) zone = below;
    }
    if (!is_signed) co_return unsigned_in((*zone)->zone, claim);
    if ((*zone)->zone.apex == goal) co_return zone;
    co_return Err{bogus(
        {code::bogus,
         fmt::format("{} is signed by {}, where no zone begins", claim.name.text(), goal.text())}
    )};
}

awaitable<Found> ZoneFinder::standing_of(
    ValidationJob& job, const Name& name, const TrustAnchor* anchor, const Zone* above
) {
    if (auto known = known_.find(name.wire(), SteadyClock::now()))
        co_return std::move(known->value);
    auto joined = co_await flights_.join(name.wire(), job.deadline);
    if (joined.result) co_return std::move(*joined.result);
    if (!joined.turn)
        co_return Err{
            Failure{Failure::Kind::timeout, "no time was left to find the keys of " + name.text()}
        };
    std::optional<Found> learned;
    if (anchor != nullptr)
        learned = co_await learn_anchor(job, *anchor);
    else
        learned = co_await learn_below(job, name, *above);
    Found found = std::move(*learned);
    // A failure for lack of time or budget is this caller's alone.
    const bool is_of_caller =
        !found && (job.deadline.passed() || job.fetches <= 0 || !job.budget.may_check());
    if (!is_of_caller) joined.turn->finish(found);
    co_return found;
}

Found ZoneFinder::keep(const ValidationJob& job, const Name& name, Found found, std::uint32_t ttl) {
    if (found || job.budget.may_check())
        known_.store(
            name.wire(), found, std::chrono::seconds(std::min(ttl, longest_ttl)), SteadyClock::now()
        );
    return found;
}

awaitable<Result<Message, Failure>> ZoneFinder::fetch(
    ValidationJob& job, const Name& name, dnssec::TypeNumber type
) {
    if (job.fetches-- <= 0)
        co_return Err{bogus({code::bogus, "too many questions to ask before " + name.text()})};
    Question question{name.text(), static_cast<Type>(type)};
    const auto response = co_await setup_.fetch(std::move(question), job.deadline);
    if (!response) co_return Err{response.error()};
    co_return message_of(name, type, *response);
}

/// A node may have only servers that hand on no signatures: unless validation was configured, mail
/// goes on without it. Not once it has worked: then somebody may be in between.
Found ZoneFinder::anchor_failed(const Name& zone, Failure failure) const {
    if (!setup_.lenient || has_seen_signatures_) return Err{std::move(failure)};
    log::warning(
        "dns", "no answer can be validated, so there is no DANE: {} (zone {}). See dns.security",
        failure.text, zone.text()
    );
    return standing({Kind::indeterminate, {}, 5, std::move(failure.text)});
}

awaitable<Found> ZoneFinder::learn_anchor(ValidationJob& job, const TrustAnchor& anchor) {
    const auto message = co_await fetch(job, anchor.zone, type::dnskey);
    if (!message) {
        Found failed = anchor_failed(anchor.zone, message.error());
        if (!failed) co_return failed;
        co_return keep(job, anchor.zone, std::move(failed), silence_ttl);
    }
    const auto* set = dnssec::find(message->answer, anchor.zone, type::dnskey);
    if (set == nullptr || set->signatures.empty()) {
        const Fault fault{
            set == nullptr ? code::key_missing : code::signatures_missing,
            "the name servers hand on no signed keys of the trust anchor's zone " +
                anchor.zone.text()
        };
        Found failed = anchor_failed(anchor.zone, bogus(fault));
        const std::uint32_t ttl = failed ? silence_ttl : fault_ttl;
        co_return keep(job, anchor.zone, std::move(failed), ttl);
    }
    has_seen_signatures_ = true;
    auto keys = anchor.verify(*set, now(), job.budget);
    if (!keys) co_return keep(job, anchor.zone, Err{bogus(keys.error())}, fault_ttl);
    if (keys->keys.empty())
        co_return keep(job, anchor.zone, insecure(keys->extended_error), keys->ttl);
    const Zone zone{anchor.zone, std::move(keys->keys)};
    co_return keep(job, anchor.zone, standing({Kind::zone, zone, -1, {}}), keys->ttl);
}

awaitable<Found> ZoneFinder::learn_below(ValidationJob& job, const Name& name, const Zone& above) {
    const auto message = co_await fetch(job, name, type::ds);
    if (!message) co_return Err{message.error()};
    const auto delegation = dnssec::judge_delegation(name, *message, above, now(), job.budget);
    if (!delegation) co_return keep(job, name, Err{bogus(delegation.error())}, fault_ttl);
    if (delegation->signers.empty()) {
        const Standing found{kind_of(delegation->cut.kind), {}, delegation->cut.extended_error, {}};
        co_return keep(job, name, standing(found), delegation->ttl);
    }
    if (const int why = dnssec::why_insecure(delegation->signers); why >= 0)
        co_return keep(job, name, insecure(why), delegation->ttl);
    const auto with_keys = co_await fetch(job, name, type::dnskey);
    if (!with_keys) co_return Err{with_keys.error()};
    auto keys = keys_in(*with_keys, delegation->signers, now(), job.budget);
    if (!keys) co_return keep(job, name, Err{bogus(keys.error())}, fault_ttl);
    const Zone zone{name, std::move(keys->keys)};
    const auto ttl = std::min(keys->ttl, delegation->ttl);
    co_return keep(job, name, standing({Kind::zone, zone, -1, {}}), ttl);
}

}  // namespace outpost::dns
