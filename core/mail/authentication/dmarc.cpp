// SPDX-License-Identifier: Apache-2.0
#include "core/mail/authentication/dmarc.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/foundation/base/encoding.hpp"
#include "core/mail/authentication/organizational_domain.hpp"
#include "core/mail/message/address.hpp"
#include "core/net/dns/watched_resolver.hpp"

namespace outpost::authentication {
namespace {

/// A domain that was authenticated, or was tried.
struct Identity {
    enum class Outcome { passed, failed, unknown } outcome;
    dns::Security security;
};

/// The record that applies to the author's domain, and where it was found.
struct Published {
    dns::Domain domain;
    DmarcRecord record;
};

Identity identity_of(const spf::Outcome& spf) {
    using Outcome = Identity::Outcome;
    const auto outcome = spf.status == spf::Status::pass        ? Outcome::passed
                         : spf.status == spf::Status::temperror ? Outcome::unknown
                                                                : Outcome::failed;
    return {outcome, spf.security};
}

Identity identity_of(const dkim::SignatureResult& signature) {
    using Outcome = Identity::Outcome;
    const auto outcome = signature.passed()                            ? Outcome::passed
                         : signature.status == dkim::Status::temperror ? Outcome::unknown
                                                                       : Outcome::failed;
    return {outcome, signature.key_security};
}

std::vector<Identity> aligned_identities(
    const dns::Domain& from, const DmarcRecord& record, const spf::Outcome& spf,
    const std::vector<dkim::SignatureResult>& signatures
) {
    std::vector<Identity> aligned;
    const auto sender = dns::Domain::parse(spf.domain).value_or({});
    if (is_aligned(sender, from, record.spf)) aligned.push_back(identity_of(spf));
    for (const auto& signature : signatures) {
        if (!signature.signature || signature.testing) continue;
        if (is_aligned(signature.signature->domain, from, record.dkim))
            aligned.push_back(identity_of(signature));
    }
    return aligned;
}

/// One aligned identity that passes is enough (section 4.2).
void weigh(const std::vector<Identity>& aligned, DmarcResult& result) {
    std::optional<dns::Security> best;
    auto worst = result.security;
    bool unknown = false;
    for (const auto& identity : aligned) {
        worst = dns::weaker(worst, identity.security);
        unknown = unknown || identity.outcome == Identity::Outcome::unknown;
        if (identity.outcome != Identity::Outcome::passed) continue;
        if (!best || dns::weaker(*best, identity.security) == *best) best = identity.security;
    }
    result.security = best ? dns::weaker(result.security, *best) : worst;
    result.status = best ? DmarcStatus::pass : unknown ? DmarcStatus::temperror : DmarcStatus::fail;
}

/// Finds the record for a domain (section 6.6.3): its own, else that of its organization.
class Search {
  public:
    Search(dns::Resolver& resolver, Deadline deadline) : resolver_(resolver), deadline_(deadline) {}

    /// Null: there is none that counts, or no answer; `result` then says which.
    awaitable<std::optional<Published>> run(dns::Domain from, DmarcResult& result) {
        auto texts = co_await records_at(from, result);
        auto domain = from;
        const auto organization = organizational_domain(from);
        if (texts.empty() && result.status == DmarcStatus::none && organization != from) {
            domain = organization;
            texts = co_await records_at(domain, result);
        }
        co_return choose(domain, texts, result);
    }

  private:
    awaitable<std::vector<std::string>> records_at(dns::Domain domain, DmarcResult& result) {
        std::vector<std::string> texts;
        dns::Question question{"_dmarc." + domain.ascii(), dns::Type::txt};
        const auto answer = co_await resolver_.query(std::move(question), deadline_);
        if (!answer) {
            result.status = DmarcStatus::temperror;
            result.reason = fmt::format(
                "the record of {} could not be looked up: {}", domain.ascii(), answer.error().text
            );
            co_return texts;
        }
        for (const auto& record : answer->records) {
            if (is_dmarc_record(record.text)) texts.push_back(record.text);
        }
        co_return texts;
    }

    static std::optional<Published> choose(
        const dns::Domain& domain, const std::vector<std::string>& texts, DmarcResult& result
    ) {
        if (result.status != DmarcStatus::none) return std::nullopt;
        if (texts.size() != 1) {
            result.reason = fmt::format(
                "{} publishes {}", domain.ascii(), texts.empty() ? "no record" : "several records"
            );
            return std::nullopt;
        }
        auto record = parse_dmarc_record(texts.front());
        if (record) return Published{domain, *record};
        result.reason = fmt::format("the record of {}: {}", domain.ascii(), record.error());
        return std::nullopt;
    }

    dns::Resolver& resolver_;
    Deadline deadline_;
};

}  // namespace

std::string_view text(DmarcStatus status) noexcept {
    switch (status) {
        case DmarcStatus::none:
            return "none";
        case DmarcStatus::pass:
            return "pass";
        case DmarcStatus::fail:
            return "fail";
        case DmarcStatus::temperror:
            return "temperror";
        case DmarcStatus::permerror:
            return "permerror";
    }
    return "";
}

Result<dns::Domain> author_domain(const mail::Header& header) {
    if (header.count("From") != 1) return Err("there is not exactly one From field");
    const auto list = mail::parse_address_list(header.find("From")->value());
    if (list.addresses.empty() || !list.bad.empty()) return Err("the From field is malformed");
    dns::Domain domain;
    for (const auto& text : list.addresses) {
        const auto address = mail::Address::parse(text);
        if (!address || address->domain().empty()) return Err("an author has no domain");
        if (!domain.empty() && address->domain() != domain)
            return Err("the authors are of several domains");
        domain = address->domain();
    }
    return domain;
}

bool is_aligned(const dns::Domain& authenticated, const dns::Domain& from, Alignment alignment) {
    if (authenticated.empty()) return false;
    if (authenticated == from) return true;
    return alignment == Alignment::relaxed &&
           organizational_domain(authenticated) == organizational_domain(from);
}

awaitable<DmarcResult> check_dmarc(
    Result<dns::Domain> from, spf::Outcome spf, std::vector<dkim::SignatureResult> signatures,
    dns::Resolver& resolver, Deadline deadline
) {
    DmarcResult result;
    if (!from) {
        result.status = DmarcStatus::permerror;
        result.reason = from.error();
        co_return result;
    }
    result.from = *from;
    dns::WatchedResolver watched(resolver);
    Search search(watched, deadline);
    const auto published = co_await search.run(*from, result);
    result.security = watched.weakest();
    if (!published) co_return result;
    const auto& record = published->record;
    result.policy = published->domain == *from ? record.policy
                                               : record.subdomain_policy.value_or(record.policy);
    weigh(aligned_identities(*from, record, spf, signatures), result);
    co_return result;
}

}  // namespace outpost::authentication
