// SPDX-License-Identifier: Apache-2.0
#include "core/delivery/smtp_client/smtp_session.hpp"

#include "core/delivery/smtp_client/endings.hpp"
#include "core/delivery/smtp_client/transaction.hpp"
#include "core/foundation/async/promise.hpp"
#include "core/foundation/base/encoding.hpp"
#include "core/net/sockets/tls_error.hpp"

namespace outpost::delivery {
namespace {

smtp::Chat::Observer observer_of(Transcript& transcript) {
    return [&transcript](char direction, std::string_view line) {
        direction == '>' ? transcript.sent(line) : transcript.received(line);
    };
}

}  // namespace

SmtpSession::SmtpSession(
    net::StreamPtr stream, std::shared_ptr<const SessionSettings> settings, Deadline deadline,
    Transcript& transcript
)
    : settings_(std::move(settings)), chat_(std::move(stream), deadline, observer_of(transcript)) {
    observed_->sending_ip = chat_.stream().local_ip();
    observed_->receiving_ip = chat_.stream().remote_ip();
}

void SmtpSession::adopt(Deadline deadline, Transcript& transcript) {
    chat_.adopt(deadline, observer_of(transcript));
    transcript.remark("using a session that was open");
}

void SmtpSession::rest() {
    chat_.adopt(Deadline(), [](char, std::string_view) {});
}

awaitable<std::optional<Verdict>> SmtpSession::open() {
    try {
        auto failed = co_await open_in_steps();
        reusable_ = !failed;
        co_return failed;
    } catch (const net::TlsError& error) {
        if (const auto* facts = chat_.stream().tls_facts()) observed_->reached = *facts;
        observed_->failure = error.failure();
        observed_->given_up = true;
        throw;
    } catch (const smtp::ProtocolError& error) {
        if (stage_ == Stage::tls) {
            observed_->failure = tls::TlsFailure{
                tls::TlsFailure::Kind::handshake, error.what(), "data-behind-starttls-reply", 0
            };
            observed_->given_up = true;
        }
        throw;
    }
}

awaitable<std::optional<Verdict>> SmtpSession::open_in_steps() {
    if (settings_->tls.mode == TlsMode::implicit) co_await shake_hands();
    auto failed = co_await greet();
    if (!failed) failed = co_await hello();
    if (failed) co_return failed;
    observed_->starttls_offered = extensions_.starttls;
    const bool wanted = settings_->tls.mode == TlsMode::required ||
                        (settings_->tls.mode == TlsMode::opportunistic && extensions_.starttls);
    if (wanted) {
        failed = co_await start_tls();
        if (!failed) failed = co_await hello();
        observed_->requiretls_offered = extensions_.requiretls && observed_->reached;
    }
    co_return failed;
}

awaitable<void> SmtpSession::shake_hands() {
    stage_ = Stage::tls;
    co_await chat_.start_tls(
        settings_->server_name, settings_->tls.demand, settings_->timeouts.handshake
    );
    observed_->reached = *chat_.stream().tls_facts();
    observed_->failure = observed_->reached->unmet;
}

awaitable<std::optional<Verdict>> SmtpSession::greet() {
    stage_ = Stage::greeting;
    smtp::Reply reply = co_await chat_.read_reply(settings_->timeouts.greeting);
    if (!reply.lines.empty()) observed_->helo = reply.lines.front();
    if (reply.code != 220) co_return host_verdict(stage_, std::move(reply));
    co_return std::nullopt;
}

awaitable<std::optional<Verdict>> SmtpSession::hello() {
    stage_ = Stage::ehlo;
    extensions_ = {};  // what was said before TLS does not count
    const std::string verb = settings_->lmtp ? "LHLO " : "EHLO ";
    smtp::Reply reply =
        co_await chat_.ask(verb + settings_->ehlo_name, settings_->timeouts.command);
    if (reply.code == 250) {
        extensions_ = smtp::parse_extensions(reply);
        co_return std::nullopt;
    }
    // RFC 5321 section 3.2: a server that does not know EHLO gets HELO; not over TLS, which it
    // could not have offered.
    const bool unknown = reply.code >= 500 && reply.code <= 504;
    if (unknown && !settings_->lmtp && chat_.stream().tls_facts() == nullptr) {
        reply = co_await chat_.ask("HELO " + settings_->ehlo_name, settings_->timeouts.command);
        if (reply.code == 250) co_return std::nullopt;
    }
    co_return host_verdict(stage_, std::move(reply));
}

awaitable<std::optional<Verdict>> SmtpSession::start_tls() {
    stage_ = Stage::starttls;
    observed_->starttls_tried = true;
    const smtp::Reply reply = co_await chat_.ask("STARTTLS", settings_->timeouts.command);
    if (reply.code != 220) {
        const std::string reason = "the remote refused STARTTLS: " + reply.text();
        observed_->failure = tls::TlsFailure{
            tls::TlsFailure::Kind::starttls_refused, reason,
            "smtp-starttls-reply-code-" + std::to_string(reply.code), reply.code
        };
        observed_->given_up = true;
        // Whatever its class: it speaks of this host, and of now (RFC 3207 section 4).
        co_return Verdict::deferred(stage_, ErrorKind::tls, {4, 7, 5}, reason);
    }
    co_await shake_hands();
    co_return std::nullopt;
}

awaitable<std::optional<Verdict>> SmtpSession::authenticate(const Login& login) {
    stage_ = Stage::auth;
    const tls::TlsFacts* facts = chat_.stream().tls_facts();
    const bool verified = facts != nullptr && (facts->pkix_verified || login.trust_unverified);
    const sasl::ChannelBinding binding =
        facts != nullptr ? sasl::ChannelBinding{facts->channel_binding_type, facts->channel_binding}
                         : sasl::ChannelBinding{};
    const auto choice = sasl::choose(
        extensions_.auth, login.mechanisms, login.credentials, facts != nullptr, verified, binding
    );
    if (!choice) co_return Verdict::deferred(stage_, ErrorKind::auth, {4, 7, 8}, choice.error());
    const std::shared_ptr<sasl::ClientMechanism> mechanism =
        sasl::make_client(*choice, login.credentials, binding);
    co_return co_await run_mechanism(mechanism, login);
}

namespace {

// The work owns what it needs: it may outlive a session that ends with its loop.
awaitable<Result<std::string>> step(
    std::shared_ptr<sasl::ClientMechanism> mechanism, std::string challenge,
    asio::thread_pool* workers
) {
    const auto work = [mechanism, challenge] { return mechanism->step(challenge); };
    if (workers == nullptr) co_return work();
    co_return co_await on_pool(*workers, work);
}

}  // namespace

awaitable<std::optional<Verdict>> SmtpSession::run_mechanism(
    std::shared_ptr<sasl::ClientMechanism> mechanism, const Login& login
) {
    const auto give_up = [](const std::string& why) {
        return Verdict::deferred(Stage::auth, ErrorKind::auth, {4, 7, 8}, why);
    };
    const std::string name(mechanism->name());
    std::string line = "AUTH " + name;
    if (mechanism->initial_response()) {
        const auto first = mechanism->step(std::nullopt);
        if (!first) co_return give_up(first.error());
        line += " " + (first->empty() ? "=" : base64_encode(*first));  // RFC 4954 section 4
    }
    smtp::Reply reply =
        co_await chat_.ask(line, settings_->timeouts.command, "AUTH " + name + " ***");
    for (int round = 0; reply.code == 334; ++round) {
        const auto challenge = base64_decode(reply.lines.empty() ? "" : reply.lines.front());
        Result<std::string> response = Err{"the relay's challenge is not base64"};
        if (challenge && round > 5)
            response = Err{"the relay asks without end"};
        else if (challenge)
            response = co_await step(mechanism, *challenge, login.workers);
        if (!response) {
            co_await chat_.ask(
                "*", settings_->timeouts.command
            );  // RFC 4954: cancels; the answer is 501
            co_return give_up(name + ": " + response.error());
        }
        reply = co_await chat_.ask(base64_encode(*response), settings_->timeouts.command, "***");
    }
    if (reply.code == 535 && login.refused) login.refused();
    if (reply.code != 235) co_return auth_verdict(std::move(reply));
    // A server that says yes before it has proved that it knows the password is not our relay.
    if (!mechanism->done())
        co_return give_up(name + ": the relay did not prove that it knows the password");
    co_return std::nullopt;
}

awaitable<std::vector<Verdict>> SmtpSession::send(const DeliveryJob& job, DotGate& gate) {
    reusable_ = false;
    Transaction transaction(*this, job, gate);
    std::vector<Verdict> verdicts = co_await transaction.run();
    ++messages_;
    co_return verdicts;
}

awaitable<void> SmtpSession::quit() {
    try {
        co_await chat_.ask("QUIT", settings_->timeouts.quit);
    } catch (const std::exception&) {  // it is over either way
    }
    chat_.close();
}

}  // namespace outpost::delivery
