// SPDX-License-Identifier: Apache-2.0
#include "core/mail/authentication/spf/check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <utility>
#include <vector>

#include "core/foundation/base/encoding.hpp"
#include "core/mail/authentication/spf/macro.hpp"
#include "core/mail/authentication/spf/record.hpp"
#include "core/net/dns/reverse.hpp"
#include "core/net/dns/watched_resolver.hpp"

namespace outpost::spf {
namespace {

/// Whether two addresses of one family begin with the same `prefix` bits.
template <class Octets>
bool same_network(const Octets& a, const Octets& b, unsigned prefix) {
    const unsigned whole = prefix / 8, rest = prefix % 8;
    if (!std::equal(a.begin(), a.begin() + whole, b.begin())) return false;
    return rest == 0 || ((a[whole] ^ b[whole]) >> (8 - rest)) == 0;
}

bool is_in(const net::IpAddress& client, const net::IpAddress& network, const Directive& lengths) {
    if (client.is_v4() != network.is_v4()) return false;
    if (client.is_v4())
        return same_network(
            client.to_v4().to_bytes(), network.to_v4().to_bytes(), lengths.v4_prefix
        );
    return same_network(client.to_v6().to_bytes(), network.to_v6().to_bytes(), lengths.v6_prefix);
}

/// Whether a name from macros can be looked up: labels of 1 to 63 octets, none of which would need
/// escaping.
bool can_be_asked(std::string_view name) {
    if (name.empty() || name.size() > 253) return false;
    std::size_t label = 0;
    for (const char c : name) {
        if (c <= ' ' || c > '~' || c == '\\' || c == '"') return false;
        label = c == '.' ? 0 : label + 1;
        if (label > 63) return false;
    }
    return label != 0 && name.front() != '.' && name.find("..") == std::string_view::npos;
}

bool is_same_or_below(std::string_view name, std::string_view domain) {
    if (!name.ends_with(domain)) return false;
    return name.size() == domain.size() || name[name.size() - domain.size() - 1] == '.';
}

Status status_of(Qualifier qualifier) {
    switch (qualifier) {
        case Qualifier::pass:
            return Status::pass;
        case Qualifier::fail:
            return Status::fail;
        case Qualifier::softfail:
            return Status::softfail;
        case Qualifier::neutral:
            return Status::neutral;
    }
    return Status::neutral;
}

bool looks_up(Mechanism mechanism) {
    return mechanism != Mechanism::all && mechanism != Mechanism::ip4 &&
           mechanism != Mechanism::ip6;
}

/// Whether a directive matches, or that the whole evaluation ends here.
enum class Match { no, yes, temperror, permerror };

/// The end of one domain's evaluation.
struct Ending {
    Status status = Status::none;
    std::string mechanism;
};

/// check_host() (RFC 7208 section 4) for one identity; include and redirect come back to it. The
/// limits are for all of it together, so they live here.
class Evaluation {
  public:
    Evaluation(MacroValues values, dns::Resolver& resolver, Deadline deadline)
        : values_(std::move(values)), resolver_(resolver), deadline_(deadline) {}

    awaitable<Outcome> run(std::string domain) {
        auto ending = co_await check_host(domain);
        Outcome outcome;
        outcome.status = ending.status;
        outcome.domain = std::move(domain);
        outcome.mechanism = std::move(ending.mechanism);
        outcome.reason = std::move(reason_);
        outcome.lookup_terms = terms_;
        outcome.voids = resolver_.voids();
        outcome.security = resolver_.weakest();
        co_return outcome;
    }

  private:
    /// One domain's record, found and followed.
    awaitable<Ending> check_host(std::string domain) {
        if (!can_be_asked(domain) || domain.find('.') == std::string::npos)
            co_return end(Status::none, "the domain is none that the DNS could know");
        dns::Question question{domain, dns::Type::txt};
        const auto answer = co_await resolver_.query(std::move(question), deadline_);
        if (!answer) co_return end(Status::temperror, unanswered(domain, answer.error()));
        const auto found = the_record(domain, *answer);
        if (!found) co_return found.error();
        const auto record = parse_record(*found);
        if (!record)
            co_return end(
                Status::permerror, fmt::format("the record of {}: {}", domain, record.error())
            );
        co_return co_await follow(*record, std::move(domain));
    }

    /// Section 4.5: one record, no more.
    Result<std::string, Ending> the_record(const std::string& domain, const dns::Answer& answer) {
        std::vector<std::string> found;
        for (const auto& record : answer.records) {
            if (is_record(record.text)) found.push_back(record.text);
        }
        if (found.empty()) return Err{end(Status::none, domain + " publishes no SPF record")};
        if (found.size() > 1)
            return Err{end(Status::permerror, domain + " publishes several SPF records")};
        return std::move(found.front());
    }

    awaitable<Ending> follow(const Record& record, std::string domain) {
        for (const auto& directive : record.directives) {
            const auto match = co_await matches(directive, domain);
            if (match == Match::no) continue;
            if (match == Match::temperror) co_return Ending{Status::temperror, directive.text};
            if (match == Match::permerror) co_return Ending{Status::permerror, directive.text};
            co_return Ending{status_of(directive.qualifier), directive.text};
        }
        if (!record.redirect) co_return Ending{Status::neutral, {}};
        co_return co_await redirect(*record.redirect, std::move(domain));
    }

    /// Section 6.1: the other domain's result is ours, but it must have a record.
    awaitable<Ending> redirect(const std::string& spec, std::string domain) {
        if (!spend_term()) co_return Ending{Status::permerror, {}};
        auto target = co_await target_of(spec, domain);
        auto ending = co_await check_host(std::move(target));
        if (ending.status == Status::none) ending.status = Status::permerror;
        co_return ending;
    }

    awaitable<Match> matches(const Directive& directive, const std::string& domain) {
        const auto mechanism = directive.mechanism;
        if (mechanism == Mechanism::all) co_return Match::yes;
        if (!looks_up(mechanism))
            co_return match_if(is_in(values_.client, directive.network, directive));
        if (!spend_term()) co_return Match::permerror;
        auto target = co_await target_of(directive.domain_spec, domain);
        auto match = Match::no;
        if (mechanism == Mechanism::include) {
            match = co_await include(std::move(target));
        } else if (can_be_asked(target)) {
            match = co_await look_up(directive, std::move(target));
        }
        co_return within_voids() || match == Match::temperror ? match : Match::permerror;
    }

    awaitable<Match> look_up(const Directive& directive, std::string target) {
        switch (directive.mechanism) {
            case Mechanism::a:
                co_return co_await host(directive, std::move(target));
            case Mechanism::mx:
                co_return co_await mail_hosts(directive, std::move(target));
            case Mechanism::ptr:
                co_return co_await reverse(std::move(target));
            case Mechanism::exists:
                co_return co_await exists(std::move(target));
            default:
                co_return Match::no;
        }
    }

    /// Section 5.2: a pass there is a match here.
    awaitable<Match> include(std::string target) {
        const auto ending = co_await check_host(std::move(target));
        if (ending.status == Status::pass) co_return Match::yes;
        if (ending.status == Status::temperror) co_return Match::temperror;
        if (ending.status == Status::permerror || ending.status == Status::none)
            co_return Match::permerror;
        co_return Match::no;
    }

    /// Section 5.3, and each host of section 5.4.
    awaitable<Match> host(const Directive& directive, std::string name) {
        dns::Question question{name, values_.client.is_v4() ? dns::Type::a : dns::Type::aaaa};
        const auto answer = co_await resolver_.query(std::move(question), deadline_);
        if (!answer) co_return no_answer(name, answer.error());
        for (const auto& record : answer->records) {
            asio::error_code error;
            const auto address = asio::ip::make_address(record.text, error);
            if (!error && is_in(values_.client, address, directive)) co_return Match::yes;
        }
        co_return Match::no;
    }

    awaitable<Match> mail_hosts(const Directive& directive, std::string domain) {
        dns::Question question{domain, dns::Type::mx};
        const auto answer = co_await resolver_.query(std::move(question), deadline_);
        if (!answer) co_return no_answer(domain, answer.error());
        if (answer->records.size() > most_mx_hosts) {
            reason_ = fmt::format("{} has more than {} MX hosts", domain, most_mx_hosts);
            co_return Match::permerror;
        }
        for (const auto& record : answer->records) {
            if (record.text.empty()) continue;  // RFC 7505: there is no host
            const auto match = co_await host(directive, record.text);
            if (match != Match::no || !within_voids()) co_return match;
        }
        co_return Match::no;
    }

    /// Section 5.5: an error means only that it does not match.
    awaitable<Match> reverse(std::string target) {
        const auto found = co_await dns::confirmed_names(values_.client, resolver_, deadline_);
        co_return match_if(std::any_of(
            found.names.begin(), found.names.end(),
            [&](const std::string& name) { return is_same_or_below(name, target); }
        ));
    }

    /// Section 5.7: an A record whatever the client's family.
    awaitable<Match> exists(std::string name) {
        dns::Question question{name, dns::Type::a};
        const auto answer = co_await resolver_.query(std::move(question), deadline_);
        if (!answer) co_return no_answer(name, answer.error());
        co_return match_if(!answer->records.empty());
    }

    /// The name that a domain-spec stands for in the record of `domain`.
    awaitable<std::string> target_of(const std::string& spec, const std::string& domain) {
        if (spec.empty()) co_return domain;
        values_.domain = domain;
        values_.client_name = "unknown";
        if (needs_client_name(spec)) {
            const auto found = co_await dns::confirmed_names(values_.client, resolver_, deadline_);
            values_.client_name = best_name(found.names, domain);
        }
        co_return to_lower(expand_domain(spec, values_));
    }

    /// Section 7.3: preferably the domain itself, else a name below it, else any.
    static std::string best_name(std::span<const std::string> names, const std::string& domain) {
        if (names.empty()) return "unknown";
        for (const auto& name : names) {
            if (name == domain) return name;
        }
        for (const auto& name : names) {
            if (is_same_or_below(name, domain)) return name;
        }
        return names.front();
    }

    bool spend_term() {
        if (terms_++ < most_lookup_terms) return true;
        reason_ = fmt::format("more than {} terms ask the DNS", most_lookup_terms);
        return false;
    }

    bool within_voids() {
        if (resolver_.voids() <= most_voids) return true;
        reason_ = fmt::format("more than {} look-ups find nothing", most_voids);
        return false;
    }

    Ending end(Status status, std::string reason) {
        reason_ = std::move(reason);
        return {status, {}};
    }

    static std::string unanswered(const std::string& name, const dns::Failure& failure) {
        return fmt::format("{} could not be looked up: {}", name, failure.text);
    }

    Match no_answer(const std::string& name, const dns::Failure& failure) {
        reason_ = unanswered(name, failure);
        return Match::temperror;
    }

    static Match match_if(bool matches) { return matches ? Match::yes : Match::no; }

    MacroValues values_;
    dns::WatchedResolver resolver_;
    Deadline deadline_;
    std::size_t terms_ = 0;
    std::string reason_;
};

awaitable<Outcome> check(
    Client client, std::string local, std::string domain, dns::Resolver& resolver, Deadline deadline
) {
    MacroValues values;
    values.sender_local = std::move(local);
    values.sender_domain = domain;
    values.client = net::without_mapping(client.address);
    values.helo = std::move(client.helo);
    Evaluation evaluation(std::move(values), resolver, deadline);
    co_return co_await evaluation.run(std::move(domain));
}

/// Empty for address literals and for invalid names.
std::string helo_domain(const Client& client) {
    const auto domain = dns::Domain::parse(client.helo);
    return domain ? domain->ascii() : std::string();
}

}  // namespace

std::string_view text(Status status) noexcept {
    switch (status) {
        case Status::none:
            return "none";
        case Status::neutral:
            return "neutral";
        case Status::pass:
            return "pass";
        case Status::fail:
            return "fail";
        case Status::softfail:
            return "softfail";
        case Status::temperror:
            return "temperror";
        case Status::permerror:
            return "permerror";
    }
    return "";
}

awaitable<Outcome> check_helo(Client client, dns::Resolver& resolver, Deadline deadline) {
    auto domain = helo_domain(client);
    auto outcome =
        co_await check(std::move(client), "postmaster", std::move(domain), resolver, deadline);
    outcome.identity = Identity::helo;
    co_return outcome;
}

awaitable<Outcome> check_mail_from(
    Client client, mail::Address mail_from, dns::Resolver& resolver, Deadline deadline
) {
    auto local = mail_from.local().empty() ? std::string("postmaster") : mail_from.local();
    auto domain = mail_from.is_null() ? helo_domain(client) : mail_from.domain().ascii();
    co_return co_await check(
        std::move(client), std::move(local), std::move(domain), resolver, deadline
    );
}

}  // namespace outpost::spf
