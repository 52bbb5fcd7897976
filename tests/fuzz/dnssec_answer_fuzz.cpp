// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <cstdlib>

#include "core/net/dns/wire.hpp"
#include "core/net/dnssec/judge.hpp"
#include "core/net/dnssec/trust_anchor.hpp"

using namespace outpost;
using namespace outpost::dnssec;

namespace {

constexpr Seconds now = 1'500'000;

void check(bool holds) {
    if (!holds) std::abort();
}

/// What every record's data is read as, whatever its type.
void parse_all(const Record& record) {
    if (const auto name = Name::from_wire(record.data))
        check(Name::parse(name->text()).has_value());
    (void)Signature::parse(record.data);
    (void)DelegationSigner::parse(record.data);
    (void)Key::parse(record.data);
    if (const auto bitmap = TypeBitmap::parse(record.data)) (void)bitmap->has(type::dnskey);
    if (const auto nsec = Nsec::parse(record.owner, record.data)) {
        check((nsec->owner < nsec->next) == (nsec->next > nsec->owner));
        const Name shared = common_ancestor(nsec->owner, nsec->next);
        check(nsec->owner.is_within(shared) && nsec->next.is_within(shared));
    }
    if (const auto nsec3 = Nsec3::parse(record.owner, record.data))
        check(nsec3->owner_hash.size() == nsec3->next_hash.size());
}

/// Nothing here was signed by anyone: a verdict of "secure" would be a forgery.
void judge_all(const Message& message, const Zone& zone) {
    Budget budget;
    (void)judge_delegation(message.question, message, zone, now, budget);
    const auto claims = claims_of(message);
    if (!claims) return;
    for (const Claim& claim : *claims)
        check(!judge(claim, message, zone, now, budget));
    check(budget.checks_left() >= 0);
}

}  // namespace

// Any octets as a response with signatures, judged for a zone whose keys are among its records.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2) return 0;
    const std::string_view packet(reinterpret_cast<const char*>(data), size);
    const auto id = static_cast<std::uint16_t>(data[0] << 8 | data[1]);
    for (const dns::Type asked : {dns::Type::a, dns::Type::ds, dns::Type::tlsa}) {
        const dns::Question question{"a.test", asked};
        const auto response = dns::decode_response(packet, id, question, dns::Want::proof);
        if (!response || !*response) continue;
        for (const auto* section : {&(*response)->proof_answer, &(*response)->proof_authority})
            for (const Record& record : *section)
                parse_all(record);
        const Message message{
            Name::parse(question.name).value(),
            static_cast<TypeNumber>(asked),
            (*response)->code == dns::ReplyCode::nxdomain,
            (*response)->negative_ttl.has_value(),
            group((*response)->proof_answer),
            group((*response)->proof_authority)
        };
        Zone zone{Name::parse("test").value(), {}};
        for (const RecordSet& set : message.authority)
            for (Key& key : keys_of(set))
                zone.keys.push_back(std::move(key));
        if (zone.keys.empty()) judge_all(message, zone);
        for (const RecordSet& set : message.answer) {
            Budget budget;
            (void)verify(set, zone, now, budget);
            check(budget.checks_left() >= 0);
        }
    }
    (void)parse_trust_anchors(packet);
    return 0;
}
