// SPDX-License-Identifier: Apache-2.0
#include "transports/common/smtp_attempt.hpp"

#include <algorithm>

#include "core/delivery/smtp_client/endings.hpp"
#include "core/net/sockets/shortage.hpp"

namespace outpost::transports {
namespace {

using delivery::ErrorKind;
using delivery::Stage;
using delivery::Verdict;
using Verdicts = std::vector<Verdict>;

/// One run of the steps on one host; remembers what it reached.
class HostAttempt {
  public:
    HostAttempt(
        std::shared_ptr<const HostPlan> plan, const delivery::DeliveryJob& job,
        delivery::AttemptContext& context, net::Dialer& dialer, SessionPool& pool
    )
        : plan_(std::move(plan)),
          job_(job),
          context_(context),
          dialer_(dialer),
          pool_(pool),
          key_(key_of(*plan_)) {}

    awaitable<HostOutcome> run() {
        OpenSession open = pool_.take(context_.loop, key_);
        if (open.session) {
            open.session->adopt(context_.deadline, context_.transcript);
            outcome_.connected = true;
            Verdicts verdicts = co_await use(std::move(open));
            if (!went_stale(verdicts)) co_return finished(std::move(verdicts));
            context_.transcript.remark("the open session had ended; connecting anew");
        }
        Verdicts verdicts = co_await on_new_connection(planned_session());
        if (may_fall_back(verdicts)) {
            context_.transcript.remark("TLS failed; connecting again in clear");
            tls_failure_ = verdicts.front().words();
            const auto clear = std::make_shared<delivery::SessionSettings>(plan_->session);
            clear->tls.mode = delivery::TlsMode::none;
            verdicts = co_await on_new_connection(clear);
        }
        co_return finished(std::move(verdicts));
    }

  private:
    /// A session is shared only by those who want the very same of it.
    static std::string key_of(const HostPlan& plan) {
        std::string key = plan.host + ":" + std::to_string(plan.port) + " " +
                          plan.session.tls.demand.enforced.exact() +
                          plan.session.tls.demand.watched.exact() + " " + plan.session.ehlo_name;
        if (plan.host.empty()) key += plan.addresses.front().to_string();
        return key;
    }

    /// Part of the plan, which it keeps alive.
    std::shared_ptr<const delivery::SessionSettings> planned_session() const {
        return {plan_, &plan_->session};
    }

    HostOutcome finished(Verdicts verdicts) {
        outcome_.verdicts = std::move(verdicts);
        return std::move(outcome_);
    }

    Verdicts all(Verdict verdict) const {
        verdict.remote = remote_;
        return Verdicts(job_.recipients.size(), verdict);
    }

    // A remote may close an idle session at any time; then nothing was lost but the session.
    static bool went_stale(const Verdicts& verdicts) {
        return std::all_of(verdicts.begin(), verdicts.end(), [](const Verdict& verdict) {
            const bool lost = verdict.error_kind() == ErrorKind::connect ||
                              verdict.error_kind() == ErrorKind::timeout;
            const bool closing = verdict.reply() && verdict.reply()->code == 421;
            return verdict.stage() == Stage::mail && (lost || closing);
        });
    }

    bool may_fall_back(const Verdicts& verdicts) const {
        const delivery::TlsPlan& tls = plan_->session.tls;
        const bool by_starttls =
            tls.mode == delivery::TlsMode::opportunistic || tls.mode == delivery::TlsMode::required;
        return by_starttls && tls.may_fall_back() &&
               verdicts.front().error_kind() == ErrorKind::tls && !context_.deadline.passed();
    }

    awaitable<Verdicts> on_new_connection(std::shared_ptr<const delivery::SessionSettings> settings
    ) {
        net::StreamPtr stream = co_await connect();
        if (!stream) co_return all(*no_connection_);
        outcome_.connected = true;
        OpenSession open;
        open.session = std::make_unique<delivery::SmtpSession>(
            std::move(stream), std::move(settings), context_.deadline, context_.transcript
        );
        std::exception_ptr broken;
        std::optional<Verdict> refused;
        try {
            refused = co_await open.session->open();
            if (!refused && plan_->login) refused = co_await log_in(*open.session);
        } catch (...) {
            broken = std::current_exception();
        }
        if (broken) refused = delivery::verdict_of(broken, open.session->stage());
        note_tls(*open.session, refused);
        if (!refused) {
            open.remote = remote_;
            co_return co_await use(std::move(open));
        }
        if (!broken) co_await open.session->quit();
        co_return all(*refused);
    }

    awaitable<std::optional<Verdict>> log_in(delivery::SmtpSession& session) {
        delivery::Login login;
        std::string no_credentials;
        try {
            login = co_await plan_->login();
        } catch (const std::exception& error
        ) {  // no token: our trouble, and mail waits for its end
            no_credentials = error.what();
        }
        if (!no_credentials.empty())
            co_return Verdict::deferred(Stage::auth, ErrorKind::auth, {4, 7, 8}, no_credentials);
        co_return co_await session.authenticate(login);
    }

    // The first address that connects; nothing when none does.
    awaitable<net::StreamPtr> connect() {
        if (net::shortage_now()) pool_.prune(true);  // unused sessions have the descriptors we need
        for (const net::IpAddress& address : plan_->addresses) {
            const net::Endpoint endpoint{address, plan_->port};
            auto facts = std::make_shared<delivery::RemoteFacts>();
            facts->host = plan_->host;
            facts->ip = address.to_string();
            facts->port = plan_->port;
            facts->tls_requirement = plan_->session.tls.demand.enforced.describe();
            facts->tls_policy = plan_->session.tls.policy;
            remote_ = facts;
            facts_ = facts;
            if (rests(endpoint)) continue;
            context_.transcript.remark(
                "connecting to " + plan_->host + " [" + endpoint.text() + "]"
            );
            try {
                auto stream = co_await dialer_.dial(
                    endpoint, context_.deadline.narrowed(plan_->session.timeouts.connect)
                );
                if (plan_->resting != nullptr) plan_->resting->reached(endpoint);
                co_return stream;
            } catch (const std::system_error& error) {
                note_failure(endpoint, error);
            }
        }
        co_return nullptr;
    }

    bool rests(const net::Endpoint& endpoint) {
        if (plan_->resting == nullptr) return false;
        const auto why = plan_->resting->reason(endpoint, SteadyClock::now());
        if (!why) return false;
        const std::string reason = "not tried, because shortly before: " + *why;
        context_.transcript.remark(reason);
        no_connection_ = Verdict::deferred(Stage::connect, ErrorKind::connect, {4, 4, 1}, reason);
        return true;
    }

    void note_failure(const net::Endpoint& endpoint, const std::system_error& error) {
        if (net::is_shortage(error.code())) {
            no_connection_ = Verdict::deferred(
                Stage::connect, ErrorKind::local, {4, 3, 1},
                std::string("no connection could be opened: ") + error.what()
            );
            return;
        }
        const bool late = error.code() == std::errc::timed_out;
        const std::string reason =
            "cannot connect to " + (plan_->host.empty() ? "" : plan_->host + " ") + "[" +
            endpoint.text() + "]: " + (late ? "no answer in time" : error.what());
        context_.transcript.remark(reason);
        if (plan_->resting != nullptr) plan_->resting->failed(endpoint, reason, SteadyClock::now());
        no_connection_ = Verdict::deferred(
            Stage::connect, late ? ErrorKind::timeout : ErrorKind::connect, {4, 4, 1}, reason
        );
    }

    void note_tls(delivery::SmtpSession& session, const std::optional<Verdict>& refused) {
        const auto observed = session.observed();
        const tls::TlsObservation& seen = *observed;
        if (seen.reached) {
            facts_->tls_version = seen.reached->version;
            facts_->tls_cipher = seen.reached->cipher;
            facts_->tls_verified = seen.reached->pkix_verified;
        }
        using Clear = delivery::RemoteFacts::Clear;
        const bool wanted = plan_->session.tls.mode != delivery::TlsMode::none;
        if (wanted) facts_->clear = tls_failure_.empty() ? Clear::not_offered : Clear::tls_failed;
        // With DSN the remote takes over what the sender wants to be told (RFC 3461 section 5.2).
        if (session.extensions().dsn) facts_->success = delivery::RemoteFacts::Success::passed_on;
        if (plan_->session.lmtp) facts_->success = delivery::RemoteFacts::Success::delivered;
        // A session that ended before TLS came up says nothing of it.
        const bool came_so_far = !refused || seen.starttls_tried || seen.reached || seen.failure;
        if (!came_so_far) return;
        facts_->tls_result = result_of(seen);
        if (!outcome_.tls) outcome_.tls = observed;
    }

    /// What was reached, in few words.
    std::string result_of(const tls::TlsObservation& seen) const {
        if (seen.reached) return seen.reached->summary();
        if (seen.failure) return seen.failure->reason;
        if (plan_->session.tls.mode == delivery::TlsMode::none)
            return "in clear: TLS is not wanted";
        if (seen.starttls_tried) return "the session ended before TLS came up";
        const std::string why = tls_failure_.empty() ? "STARTTLS is not offered" : tls_failure_;
        const tls::TlsRequirement& watched = plan_->session.tls.demand.watched;
        const bool would_have_failed = watched.must_use_tls || watched.needs_verification();
        return "in clear: " + why + (would_have_failed ? ", would have failed: no TLS" : "");
    }

    awaitable<Verdicts> use(OpenSession open) {
        remote_ = open.remote;
        Verdicts verdicts = co_await open.session->send(job_, context_.gate);
        for (Verdict& verdict : verdicts)
            verdict.remote = remote_;
        if (open.session->reusable()) {
            const Executor executor = co_await asio::this_coro::executor;
            pool_.put(context_.loop, key_, std::move(open), executor);
        }
        co_return verdicts;
    }

    const std::shared_ptr<const HostPlan> plan_;
    const delivery::DeliveryJob& job_;
    delivery::AttemptContext& context_;
    net::Dialer& dialer_;
    SessionPool& pool_;
    HostOutcome outcome_;
    std::shared_ptr<const delivery::RemoteFacts> remote_;
    std::shared_ptr<delivery::RemoteFacts> facts_;
    std::optional<Verdict> no_connection_;
    const std::string key_;
    std::string tls_failure_;  ///< why we go in clear
};

}  // namespace

awaitable<HostOutcome> attempt_host(
    std::shared_ptr<const HostPlan> plan, const delivery::DeliveryJob& job,
    delivery::AttemptContext& context, net::Dialer& dialer, SessionPool& pool
) {
    HostAttempt attempt(std::move(plan), job, context, dialer, pool);
    co_return co_await attempt.run();
}

}  // namespace outpost::transports
