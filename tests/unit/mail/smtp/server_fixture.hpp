// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <doctest/doctest.h>

#include <filesystem>
#include <mutex>

#include "core/foundation/async/event_loops.hpp"
#include "core/foundation/async/task_group.hpp"
#include "core/foundation/base/encoding.hpp"
#include "core/mail/smtp/server_reply.hpp"
#include "core/mail/smtp/server_session.hpp"
#include "core/net/sockets/listener.hpp"
#include "tests/support/blocking_smtp_client.hpp"

/// A server with a policy that notes what it takes, and clients that say what they like.
namespace outpost::test {

using namespace outpost::smtp;

struct Taken {
    ServerClient client;
    Transaction transaction;
    std::string content;
};

/// Takes everything except what its name says.
class Policy : public ServerPolicy {
  public:
    Refusal check_client(const ServerClient&) override { return std::nullopt; }
    sasl::StoredCredential credential(const std::string& login) override {
        return login == "user" ? user_ : sasl::decoy_credential(login, "secret");
    }
    std::optional<std::string> account_of(const std::string& login) override {
        if (login != "user") return std::nullopt;
        return "account";
    }
    awaitable<Refusal> check_mail(const ServerClient&, const Transaction& t) override {
        if (t.mail.from.local() == "refused") co_return make_reply(550, "5.7.1", "not you");
        co_return std::nullopt;
    }
    awaitable<Refusal> check_recipient(
        const ServerClient&, const Transaction&, const Recipient& rcpt
    ) override {
        if (rcpt.address.local() == "refused") co_return make_reply(550, "5.1.1", "nobody");
        co_return std::nullopt;
    }
    awaitable<Reply> accept(
        const ServerClient& client, Transaction transaction, std::vector<std::string> content
    ) override {
        if (transaction.recipients.front().address.local() == "late") {
            co_return make_reply(554, "5.7.1", "refused after all");
        }
        const std::lock_guard lock(mutex);
        taken.push_back({client, std::move(transaction), {}});
        for (const auto& chunk : content)
            taken.back().content += chunk;
        co_return make_reply(250, "2.0.0", "taken");
    }

    std::vector<Taken> all() {
        const std::lock_guard lock(mutex);
        return taken;
    }
    std::mutex mutex;
    std::vector<Taken> taken;

  private:
    const sasl::StoredCredential user_ = sasl::StoredCredential::make(Secret("pencil"));
};

inline awaitable<void> run_session(std::shared_ptr<ServerSession> session) {
    co_await session->run();
}
inline awaitable<void> end_session(std::shared_ptr<ServerSession> session) {
    co_await session->shut_down();
}

/// A server on a port of its own, in a thread of its own.
struct Server {
    explicit Server(ServerSettings chosen = {}) {
        chosen.hostname = "mx.example.org";
        chosen.max_auth_delay = std::chrono::milliseconds(1);
        settings = std::make_shared<ServerSettings>(std::move(chosen));
        const net::Endpoint any{asio::ip::address_v4::loopback(), 0};
        listener = std::make_unique<net::Listener>(
            loops, any,
            [this](net::Listener::Socket socket, std::size_t) {
                auto stream = net::make_server_stream(std::move(socket));
                session =
                    std::make_shared<ServerSession>(std::move(stream), settings, policy, pool);
                tasks.spawn("session", loops.at(0).get_executor(), run_session(session));
            }
        );
        listener->start(tasks);
        loops.start();
    }
    ~Server() {
        listener->stop();
        pool.join();
        loops.stop();
    }
    void shut_down() { tasks.spawn("end", loops.at(0).get_executor(), end_session(session)); }
    BlockingSmtpClient connect(bool hello = true) {
        BlockingSmtpClient client(listener->port());
        REQUIRE(client.reply() == "220 mx.example.org ESMTP Outpost");
        if (hello) client.say("EHLO client.example");
        return client;
    }

    std::shared_ptr<ServerSettings> settings;
    std::shared_ptr<Policy> policy = std::make_shared<Policy>();
    EventLoops loops{1};
    asio::thread_pool pool{1};
    TaskGroup tasks;
    std::shared_ptr<ServerSession> session;
    std::unique_ptr<net::Listener> listener;
};

inline ServerSettings with_tls() {
    static const auto directory = [] {
        auto path = std::filesystem::temp_directory_path() /
                    ("outpost-smtp-test-" + std::to_string(::getpid()));
        tls::mint_certificates(path, {"mx.example.org"});
        return path;
    }();
    ServerSettings settings;
    settings.tls = tls::make_server_context({directory / "cert.pem", directory / "key.pem"});
    settings.auth_offered = true;
    return settings;
}

inline std::string code_of(const std::string& reply) {
    return reply.substr(0, 3);
}

/// Says each line and compares the beginnings of the replies.
inline void dialogue(
    BlockingSmtpClient& client, std::initializer_list<std::pair<std::string, std::string>> lines
) {
    for (const auto& [line, expected] : lines) {
        CAPTURE(line);
        const auto reply = client.say(line);
        CHECK_MESSAGE(reply.starts_with(expected), reply);
    }
}

inline const std::pair<std::string, std::string> mail_ok = {"MAIL FROM:<a@b.example>", "250 2.1.0"};
inline const std::pair<std::string, std::string> rcpt_ok = {"RCPT TO:<c@d.example>", "250 2.1.5"};

}  // namespace outpost::test
