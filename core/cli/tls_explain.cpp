// SPDX-License-Identifier: Apache-2.0
#include <asio/co_spawn.hpp>
#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>

#include <iostream>
#include <nlohmann/json.hpp>

#include "core/cli/commands.hpp"
#include "core/cli/tls_explanation.hpp"
#include "core/delivery/smtp_client/endings.hpp"
#include "core/delivery/smtp_client/smtp_session.hpp"
#include "core/foundation/database/pool.hpp"
#include "core/net/dns/stub_resolver.hpp"
#include "core/net/sockets/tcp_stream.hpp"
#include "core/server/node/policies.hpp"
#include "policies/dane/search.hpp"
#include "policies/mta_sts/store_pg.hpp"
#include "transports/direct/settings.hpp"

namespace outpost::cli {
namespace {

using Lookup = Result<dns::Answer, dns::Failure>;

constexpr std::chrono::seconds longest{120};  ///< for everything before sessions
constexpr std::chrono::seconds longest_session{30};

/// Does what an attempt of direct delivery does, but for mail.
class Explainer {
  public:
    Explainer(const server::Settings& settings, asio::io_context& loop)
        : settings_(settings),
          direct_(*settings.transports.at("direct").as<transports::DirectSettings>()),
          resolver_(dns::make_resolver(settings.dns)),
          pool_(settings.database, 1),
          store_(pool_, [] { return WallClock::now(); }),
          policies_(
              settings,
              [this](const std::string& key) { return key == "mta_sts" ? &store_ : nullptr; },
              resolver_, tasks_, loop.get_executor()
          ),
          dialer_(net::make_direct_dialer(
              tls::make_client_context(settings.tls), direct_.smtp.source_v4, direct_.smtp.source_v6
          )) {}
    ~Explainer() { pool_.stop(); }

    awaitable<TlsExplanation> explain(dns::Domain domain, bool probe) {
        const auto deadline = Deadline::in(longest);
        const mta_sts::Entry before = co_await store_.load(domain.ascii());
        const delivery::DeliveryJob job = job_to(domain);
        delivery::NextHopOptions options;
        options.ipv4 = direct_.ipv4;
        options.ipv6 = direct_.ipv6;
        const auto policies = policies_.of(settings_);
        auto survey = co_await delivery::survey(*resolver_, policies, job, options, deadline);
        TlsExplanation all{domain.ascii(),
                           std::move(survey.hops),
                           mode_of("dane"),
                           mode_of("mta_sts"),
                           {},
                           {},
                           false,
                           {},
                           {}};
        all.sts_found = std::move(survey.findings);
        all.sts_entry = co_await store_.load(domain.ascii());
        all.sts_fetched = all.sts_entry.version != before.version;
        if (all.mta_sts != delivery::PolicyMode::off)
            all.sts_record = co_await ask("_mta-sts." + domain.ascii(), dns::Type::txt, deadline);
        for (delivery::HostSurvey& host : survey.hosts) {
            HostExplanation one{std::move(host), {}, {}, {}};
            if (one.survey.addresses) co_await find_tlsa(one, domain, deadline);
            if (one.survey.addresses && probe) one.probe = co_await this->probe(one.survey);
            all.hosts.push_back(std::move(one));
        }
        co_return all;
    }

  private:
    delivery::PolicyMode mode_of(const std::string& policy) const {
        return settings_.policies.at(policy)->mode;
    }

    static delivery::DeliveryJob job_to(const dns::Domain& domain) {
        delivery::DeliveryJob job;
        job.message = std::make_shared<delivery::Message>();
        job.recipients.emplace_back();
        job.domain = domain;
        return job;
    }

    awaitable<Lookup> ask(std::string name, dns::Type type, Deadline deadline) {
        dns::Question question{std::move(name), type};
        co_return co_await resolver_->query(std::move(question), deadline);
    }

    /// The records themselves: the survey tells only what follows from them. The answers are in the
    /// resolver's cache by now.
    awaitable<void> find_tlsa(HostExplanation& host, dns::Domain domain, Deadline deadline) {
        const delivery::MxHost& mx = host.survey.host;
        host.tlsa_name = !mx.secure             ? "the answer that names it is not secure"
                         : !mx.addresses_secure ? "its addresses are not secure"
                                                : "DANE is off";
        std::vector<std::string> bases = dane::base_domains(mx, domain.ascii(), false);
        for (const tlsrpt::Finding& finding : host.survey.findings) {
            if (finding.policy.type == tlsrpt::PolicyType::tlsa) bases = {finding.policy.domain};
        }
        if (mode_of("dane") == delivery::PolicyMode::off) co_return;
        for (const std::string& base : bases) {
            host.tlsa_name = "_25._tcp." + base;
            host.tlsa = co_await ask(host.tlsa_name, dns::Type::tlsa, deadline);
            if (!*host.tlsa || !(*host.tlsa)->records.empty()) break;
        }
    }

    /// What is enforced is checked as in delivery, but does not end the session: whoever asks wants
    /// to see all of it.
    std::shared_ptr<const delivery::SessionSettings> session_with(const delivery::HostSurvey& host
    ) const {
        auto session = std::make_shared<delivery::SessionSettings>();
        session->ehlo_name =
            direct_.smtp.ehlo_name.empty() ? settings_.hostname : direct_.smtp.ehlo_name;
        session->server_name = host.host.name;
        session->tls = host.plan;
        session->tls.demand.enforced = host.plan.demand.enforced.relaxed();
        return session;
    }

    awaitable<TlsProbe> probe(const delivery::HostSurvey& host) {
        TlsProbe probe;
        for (const net::IpAddress& address : host.addresses->addresses) {
            probe = co_await probe_at(host, address);
            if (probe.trouble.empty()) break;
        }
        co_return probe;
    }

    awaitable<TlsProbe> probe_at(const delivery::HostSurvey& host, net::IpAddress address) {
        TlsProbe probe;
        probe.ip = address.to_string();
        const auto deadline = Deadline::in(longest_session);
        delivery::Transcript transcript;
        std::exception_ptr broken;
        std::unique_ptr<delivery::SmtpSession> session;
        std::optional<delivery::Verdict> refused;
        try {
            const net::Endpoint to{address, direct_.port};
            auto stream = co_await dialer_->dial(to, deadline);
            session = std::make_unique<delivery::SmtpSession>(
                std::move(stream), session_with(host), deadline, transcript
            );
            refused = co_await session->open();
        } catch (...) {
            broken = std::current_exception();
        }
        const auto stage = session ? session->stage() : delivery::Stage::connect;
        if (broken) refused = delivery::verdict_of(broken, stage);
        if (session) {
            probe.seen = *session->observed();
            probe.chain = session->stream().peer_chain();
            if (!refused) co_await session->quit();
        }
        // Trouble with TLS is what the session was for; `seen` has it.
        if (refused && !probe.seen.failure) probe.trouble = refused->words();
        co_return probe;
    }

    const server::Settings& settings_;
    const transports::DirectSettings& direct_;
    std::shared_ptr<dns::Resolver> resolver_;
    TaskGroup tasks_;
    db::Pool pool_;
    mta_sts::PgStore store_;
    server::Policies policies_;
    std::shared_ptr<net::Dialer> dialer_;
};

awaitable<void> explain_into(
    Explainer& explainer, dns::Domain domain, bool probe, std::optional<TlsExplanation>& into
) {
    into = co_await explainer.explain(std::move(domain), probe);
}

}  // namespace

int tls_explain(const server::Loaded& loaded, const TlsExplainOptions& options) {
    const auto domain = dns::Domain::parse(options.domain);
    if (!domain) {
        std::cerr << "outpost tls explain: " << domain.error() << "\n";
        return usage;
    }
    asio::io_context loop;
    Explainer explainer(loaded.settings, loop);
    std::optional<TlsExplanation> explanation;
    std::exception_ptr failure;
    bool ended = false;
    asio::co_spawn(
        loop, explain_into(explainer, *domain, options.probe, explanation),
        [&](std::exception_ptr error) {
            failure = error;
            ended = true;
        }
    );
    // Not until the loop is empty: the policies' work in the background has no end.
    while (!ended)
        loop.run_one();
    if (failure) std::rethrow_exception(failure);
    if (options.as_json)
        std::cout << to_json(*explanation).dump(2) << "\n";
    else
        std::cout << to_text(*explanation);
    return is_deliverable(*explanation) ? ok : failed;
}

}  // namespace outpost::cli
