// SPDX-License-Identifier: Apache-2.0
#include "transports/relay/relay.hpp"

#include "core/delivery/next_hop/next_hop.hpp"
#include "core/foundation/async/promise.hpp"
#include "core/foundation/base/log.hpp"
#include "core/mail/sasl/token_source.hpp"
#include "transports/common/progress.hpp"
#include "transports/common/session_pool.hpp"
#include "transports/common/smtp_attempt.hpp"

namespace outpost::transports {
namespace {

using delivery::DeliveryJob;
using delivery::DeliveryOutcome;
using delivery::ErrorKind;
using delivery::Verdict;
using Addresses = std::vector<net::IpAddress>;

std::shared_ptr<sasl::TokenSource> token_of(const RelaySettings& settings) {
    if (std::holds_alternative<std::monostate>(settings.auth.token)) return nullptr;
    return std::make_shared<sasl::TokenSource>(settings.auth.token);
}

class Relay final : public delivery::Transport {
  public:
    Relay(
        std::string name, RelaySettings settings, std::shared_ptr<net::Dialer> dialer,
        asio::thread_pool& workers
    )
        : name_(std::move(name)),
          settings_(std::move(settings)),
          dialer_(std::move(dialer)),
          workers_(workers),
          token_(token_of(settings_)),
          pool_(
              {settings_.smtp.max_messages_per_connection, settings_.smtp.max_idle_per_host,
               settings_.smtp.idle_timeout}
          ) {}

    bool per_domain() const noexcept override { return false; }
    bool can_require_tls() const noexcept override { return settings_.tls == RelayTls::verified; }
    bool reads_content_late() const noexcept override { return true; }
    void prune() noexcept override { pool_.prune(); }

    awaitable<DeliveryOutcome> deliver(const DeliveryJob& job, delivery::AttemptContext& context)
        override {
        if (job.message->tls_wish == delivery::TlsWish::required && !can_require_tls()) {
            co_return DeliveryOutcome::all(
                job, Verdict::failed(
                         delivery::Stage::connect, ErrorKind::policy, {5, 7, 30},
                         "the message needs REQUIRETLS and transport " + name_ +
                             " does not verify its relay"
                     )
            );
        }
        Progress progress(job);
        for (const std::string& host : settings_.hosts) {
            const auto addresses = co_await addresses_of(host, context);
            if (!addresses) {
                context.transcript.remark(host + ": " + addresses.error().reason());
                progress.note_all(addresses.error().softened()
                );  // our own configuration names it: never a bounce
                continue;
            }
            const auto fewer = progress.fewer();
            const DeliveryJob& rest = fewer ? *fewer : job;
            context.gate.reached(delivery::Stage::connect);
            const HostOutcome outcome = co_await attempt_host(
                plan_for(host, *addresses, context), rest, context, *dialer_, pool_
            );
            raise_alarm(host, outcome);
            progress.note(outcome);
            if (progress.all_final()) break;
        }
        co_return progress.outcome();
    }

  private:
    awaitable<Result<Addresses, Verdict>> addresses_of(
        const std::string& host, delivery::AttemptContext& context
    ) const {
        asio::error_code not_literal;
        const net::IpAddress literal = asio::ip::make_address(host, not_literal);
        if (!not_literal) co_return Addresses{literal};
        const delivery::NextHopOptions options;
        auto found =
            co_await find_addresses(context.resolver, host, false, options, context.deadline);
        if (!found) co_return Err{found.error().verdict};
        co_return std::move(found->addresses);
    }

    std::shared_ptr<const HostPlan> plan_for(
        const std::string& host, const Addresses& addresses, const delivery::AttemptContext& context
    ) {
        const auto made = std::make_shared<HostPlan>();
        HostPlan& plan = *made;
        plan.host = host;
        plan.addresses = addresses;
        plan.resting = &resting_;
        plan.port = settings_.port_in_use();
        plan.session.ehlo_name =
            settings_.smtp.ehlo_name.empty() ? context.ehlo_name : settings_.smtp.ehlo_name;
        plan.session.server_name = host;
        plan.session.tls = tls_plan(host);
        plan.session.timeouts.connect = settings_.smtp.connect_timeout;
        const bool has_login = !settings_.auth.username.empty() || token_;
        if (has_login) plan.login = [this, host, port = plan.port] { return login(host, port); };
        return made;
    }

    /// As the configuration says: no policy is asked.
    delivery::TlsPlan tls_plan(const std::string& host) const {
        const std::string source = "transport " + name_;
        delivery::TlsPlan plan;
        plan.mode = settings_.tls_mode();
        tls::TlsRequirement& enforced = plan.demand.enforced;
        if (settings_.tls == RelayTls::verified)
            enforced = tls::TlsRequirement::verified({host}, source);
        else if (plan.mode != delivery::TlsMode::none && settings_.tls != RelayTls::opportunistic)
            enforced = tls::TlsRequirement::encrypted(source);
        if (enforced.must_use_tls) plan.policy = source;
        return plan;
    }

    awaitable<delivery::Login> login(std::string host, std::uint16_t port) const {
        delivery::Login login;
        login.workers = &workers_;
        login.credentials.username = settings_.auth.username;
        login.credentials.password = settings_.auth.password;
        login.credentials.host = std::move(host);
        login.credentials.port = port;
        login.mechanisms = settings_.auth.mechanisms;
        login.trust_unverified = settings_.tls != RelayTls::verified;
        if (token_) co_await take_token(login);
        co_return login;
    }

    awaitable<void> take_token(delivery::Login& login) const {
        const Result<Secret> token =
            co_await on_pool(workers_, [source = token_] { return source->get(); });
        if (!token) throw std::runtime_error("no token: " + token.error());
        login.credentials.bearer_token = *token;
        login.refused = [source = token_, token = *token] { source->refused(token); };
    }

    void raise_alarm(const std::string& host, const HostOutcome& outcome) const {
        const Verdict& verdict = outcome.verdicts.front();
        if (verdict.error_kind() != ErrorKind::auth) return;
        log::error(
            "transport", "{}: login at {} failed, mail waits: {}", name_, host, verdict.words()
        );
    }

    std::string name_;
    RelaySettings settings_;
    std::shared_ptr<net::Dialer> dialer_;
    asio::thread_pool& workers_;
    std::shared_ptr<sasl::TokenSource> token_;  ///< null: a password
    SessionPool pool_;
    RestingHosts resting_;
};

}  // namespace

delivery::TransportPtr make_relay(
    std::string name, RelaySettings settings, std::shared_ptr<net::Dialer> dialer,
    asio::thread_pool& workers
) {
    return std::make_shared<Relay>(
        std::move(name), std::move(settings), std::move(dialer), workers
    );
}

}  // namespace outpost::transports
