// SPDX-License-Identifier: Apache-2.0
#include "core/net/dns/validator.hpp"

#include <algorithm>

namespace outpost::dns {
namespace {

using dnssec::Message;

void limit_ttls(Response& response, std::uint32_t most) {
    const std::chrono::seconds limit(most);
    for (OwnedRecord& each : response.answers)
        each.ttl = std::min(each.ttl, limit);
    if (response.negative_ttl) response.negative_ttl = std::min(*response.negative_ttl, limit);
}

/// An answer is as secure as its weakest part, and gives the reason of that part.
void weaken(Judged& judged, Security security, int extended_error, const std::string& text) {
    if (security <= judged.security) return;
    judged.security = security;
    judged.response.extended_error = extended_error;
    judged.response.extended_text = text;
}

}  // namespace

awaitable<Result<Judged, Failure>> Validator::ask(Question question, ValidationJob& job) {
    const auto name = dnssec::Name::parse(canonical(question.name));
    if (!name)
        co_return Err{Failure{Failure::Kind::malformed, question.name + ": " + name.error()}};
    auto response = co_await setup_.fetch(question, job.deadline);
    if (!response) co_return Err{std::move(response.error())};
    const Message message =
        message_of(*name, static_cast<dnssec::TypeNumber>(question.type), *response);
    const auto claims = dnssec::claims_of(message);
    if (!claims) co_return Err{bogus(claims.error())};

    Judged judged{std::move(*response), Security::secure};
    for (const dnssec::Claim& claim : *claims) {
        const Found found = co_await zones_.zone_of(job, claim);
        if (!found) co_return Err{found.error()};
        const Standing& standing = **found;
        if (standing.kind != Standing::Kind::zone) {
            const bool unknown = standing.kind == Standing::Kind::indeterminate;
            weaken(
                judged, unknown ? Security::indeterminate : Security::insecure,
                standing.extended_error, standing.text
            );
            continue;
        }
        const auto now =
            std::chrono::duration_cast<std::chrono::seconds>(setup_.now().time_since_epoch());
        const auto proof = dnssec::judge(claim, message, standing.zone, now.count(), job.budget);
        if (!proof) co_return Err{bogus(proof.error())};
        limit_ttls(judged.response, proof->ttl);
        if (!proof->secure) weaken(judged, Security::insecure, proof->extended_error, {});
    }
    co_return judged;
}

}  // namespace outpost::dns
