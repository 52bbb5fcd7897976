// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "core/net/dns/stub_resolver.hpp"
#include "core/net/sockets/tcp_stream.hpp"
#include "tests/support/delivery_job.hpp"
#include "tests/support/run.hpp"
#include "tests/support/scripted_server.hpp"
#include "transports/common/smtp_attempt.hpp"

namespace outpost::test {

/// For transports that need no DNS.
class NoResolver : public dns::Resolver {
    awaitable<Result<dns::Answer, dns::Failure>> query(dns::Question, Deadline) override {
        co_return Err{dns::Failure{}};
    }
};

inline tls::ContextPtr trusting(const TestCertificates* certificates) {
    tls::ClientSettings settings;
    if (certificates != nullptr) settings.ca_files = {certificates->directory() / "ca.pem"};
    return tls::make_client_context(settings);
}

/// One host to deliver to, with a session pool that outlives the attempts.
struct Client {
    asio::io_context loop;
    NoResolver resolver;
    std::shared_ptr<net::Dialer> dialer;
    NotingGate gate;
    transports::SessionPool pool{{}};
    transports::HostPlan plan;
    std::string transcript;  ///< of the last attempt

    explicit Client(const ScriptedServer& server, const TestCertificates* certificates = nullptr)
        : dialer(net::make_direct_dialer(trusting(certificates))) {
        plan.host = "mx.test";
        plan.addresses = {asio::ip::make_address("127.0.0.1")};
        plan.port = server.port();
        plan.session.ehlo_name = "client.test";
        plan.session.server_name = "mx.test";
    }

    /// Each attempt has a transcript and a deadline of its own, which end with it.
    transports::HostOutcome deliver(const delivery::DeliveryJob& job) {
        delivery::Transcript lines;
        delivery::AttemptContext context{
            "client.test", resolver, *dialer, gate, lines, Deadline::in(std::chrono::seconds(20))
        };
        const auto planned = std::make_shared<const transports::HostPlan>(plan);
        auto outcome = run(loop, transports::attempt_host(planned, job, context, *dialer, pool));
        transcript = lines.text();
        return outcome;
    }
    std::vector<std::string> deliver_briefly(const delivery::DeliveryJob& job) {
        const auto outcome = deliver(job);
        return briefs(outcome.verdicts);
    }
    /// Ends idle sessions, with their QUITs.
    ~Client() {
        pool.prune(true);
        loop.restart();
        loop.run_for(std::chrono::seconds(2));
    }
};

/// "250-mx.test", the extensions, and the last line.
inline std::string ehlo_reply(const std::vector<std::string>& extensions) {
    std::string reply = extensions.empty() ? "250 mx.test\r\n" : "250-mx.test\r\n";
    for (std::size_t i = 0; i < extensions.size(); ++i) {
        reply += (i + 1 < extensions.size() ? "250-" : "250 ") + extensions[i] + "\r\n";
    }
    return reply;
}

/// Greeting and EHLO.
inline Script opening(const std::vector<std::string>& extensions) {
    return {{"", "220 mx.test\r\n"}, {"EHLO", ehlo_reply(extensions)}};
}

inline Script operator+(Script first, const Script& second) {
    first.insert(first.end(), second.begin(), second.end());
    return first;
}

/// One message for one recipient by DATA, taken.
inline const Script taken = {
    {"MAIL", "250 ok\r\n"},
    {"RCPT", "250 ok\r\n"},
    {"DATA", "354 go\r\n"},
    {".", "250 2.0.0 queued\r\n"}
};

}  // namespace outpost::test
