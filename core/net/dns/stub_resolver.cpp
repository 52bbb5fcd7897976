// SPDX-License-Identifier: Apache-2.0
#include "core/net/dns/stub_resolver.hpp"

#include <algorithm>
#include <stdexcept>

#include "core/foundation/async/single_flight.hpp"
#include "core/foundation/base/log.hpp"
#include "core/net/dns/cache.hpp"
#include "core/net/dns/chain.hpp"
#include "core/net/dns/security_in_force.hpp"
#include "core/net/dns/upstream.hpp"
#include "core/net/dns/validator.hpp"

namespace outpost::dns {
namespace {

using Outcome = Result<Answer, Failure>;

// RFC 9520: failures are remembered too, or a broken domain would be looked up again and again.
constexpr std::chrono::seconds failure_memory{5};

std::vector<dnssec::TrustAnchor> anchors_of(const std::filesystem::path& file) {
    auto anchors = file.empty() ? dnssec::parse_trust_anchors(dnssec::root_anchors())
                                : dnssec::read_trust_anchors(file);
    if (!anchors)
        throw std::runtime_error("the trust anchors " + file.string() + ": " + anchors.error());
    return std::move(*anchors);
}

std::vector<dnssec::Name> names_of(const std::vector<std::string>& domains) {
    std::vector<dnssec::Name> names;
    for (const std::string& domain : domains) {
        auto name = dnssec::Name::parse(domain);
        if (!name) throw std::runtime_error("insecure domain " + domain + ": " + name.error());
        names.push_back(std::move(*name));
    }
    return names;
}

class StubResolver final : public Resolver {
  public:
    explicit StubResolver(Settings settings)
        : settings_(std::move(settings)),
          upstream_(settings_),
          security_(security_in_force(settings_, upstream_.servers())),
          cache_(settings_.cache_entries) {
        if (security_.worrying) log::warning("dns", "{}", security_.words);
        if (security_.mode == SecurityMode::validate) validator_ = make_validator();
    }

    awaitable<Outcome> query(Question question, Deadline deadline) override {
        if (auto known = cache_.find(question, SteadyClock::now())) co_return std::move(*known);
        // Mail to one domain comes in bursts: one message asks for all.
        auto joined = co_await flights_.join(key_of(question), deadline);
        if (joined.result) co_return std::move(*joined.result);
        if (!joined.turn)
            co_return Err{
                Failure{Failure::Kind::timeout, "no time was left to ask for " + question.name, -1}
            };
        auto outcome = co_await follow(question, deadline);
        remember(question, outcome, deadline);
        if (outcome || !deadline.passed()) joined.turn->finish(outcome);
        co_return outcome;
    }

  private:
    std::unique_ptr<Validator> make_validator() {
        ValidatorSetup setup;
        setup.fetch = [this](Question question, Deadline deadline) {
            return upstream_.ask(std::move(question), Want::proof, deadline);
        };
        setup.anchors = anchors_of(settings_.trust_anchors);
        setup.insecure_domains = names_of(settings_.insecure_domains);
        setup.lenient = security_.lenient;
        return std::make_unique<Validator>(std::move(setup));
    }

    awaitable<Outcome> follow(Question question, Deadline deadline) {
        Chain chain(question);
        ValidationJob job{deadline, {}};
        for (;;) {
            Question next{chain.name(), question.type};
            const auto judged = co_await ask(std::move(next), job);
            if (!judged) co_return Err{judged.error()};
            switch (chain.take(judged->response, judged->security)) {
                case Chain::State::done:
                    co_return chain.answer();
                case Chain::State::broken:
                    co_return Err{Failure{
                        Failure::Kind::cname_loop, question.name + " is an alias without end", -1
                    }};
                case Chain::State::ask_next:
                    break;
            }
        }
    }

    awaitable<Result<Judged, Failure>> ask(Question question, ValidationJob& job) {
        if (security_.mode == SecurityMode::trust_ad)
            co_return co_await ask_trusted(std::move(question), job.deadline);
        if (validator_) co_return co_await validator_->ask(std::move(question), job);
        auto response = co_await upstream_.ask(std::move(question), Want::records, job.deadline);
        if (!response) co_return Err{std::move(response.error())};
        co_return Judged{std::move(*response), Security::indeterminate};
    }

    /// RFC 4035 section 4.9.3: the AD bit of a resolver that may be believed. NXDOMAIN and NODATA
    /// have it, too.
    awaitable<Result<Judged, Failure>> ask_trusted(Question question, Deadline deadline) {
        auto response = co_await upstream_.ask(question, Want::judgement, deadline);
        if (response) {
            const auto security = response->authentic ? Security::secure : Security::insecure;
            co_return Judged{std::move(*response), security};
        }
        Failure failure = response.error();
        if (failure.kind != Failure::Kind::servfail) co_return Err{std::move(failure)};
        if (failure.is_dnssec()) {
            failure.kind = Failure::Kind::bogus;
        } else if (failure.extended_error < 0) {
            // Without extended errors a server says the same for a bogus domain and for a dead one;
            // but only for the former does it have data.
            const auto unchecked = co_await upstream_.ask(question, Want::unchecked, deadline);
            if (unchecked) failure = bogus(question, failure);
        }
        co_return Err{std::move(failure)};
    }

    static Failure bogus(const Question& question, const Failure& failure) {
        constexpr int dnssec_bogus = 6;
        return {
            Failure::Kind::bogus,
            failure.text + " for " + question.name + ", but has an answer without DNSSEC checks",
            dnssec_bogus
        };
    }

    void remember(const Question& question, const Outcome& outcome, Deadline deadline) {
        const auto now = SteadyClock::now();
        if (outcome) {
            const auto longest =
                outcome->records.empty() ? settings_.longest_negative_ttl : settings_.longest_ttl;
            cache_.store(question, outcome, std::min(outcome->ttl, longest), now);
        } else if (!deadline.passed()) {  // a hurried caller must not fail the others
            cache_.store(question, outcome, failure_memory, now);
        }
    }

    const Settings settings_;
    const Upstream upstream_;
    const SecurityInForce security_;
    std::unique_ptr<Validator> validator_;  ///< only in that mode
    Cache cache_;
    SingleFlight<Outcome> flights_;
};

}  // namespace

std::shared_ptr<Resolver> make_resolver(Settings settings) {
    return std::make_shared<StubResolver>(std::move(settings));
}

}  // namespace outpost::dns
