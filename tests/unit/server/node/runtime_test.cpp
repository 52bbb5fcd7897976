// SPDX-License-Identifier: Apache-2.0
#include "core/server/node/runtime.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <asio/connect.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/read_until.hpp>
#include <asio/streambuf.hpp>
#include <asio/write.hpp>

#include <fstream>
#include <thread>

#include "tests/support/memory_limit_store.hpp"
#include "tests/support/memory_policy_store.hpp"
#include "tests/support/memory_queue_store.hpp"
#include "tests/support/memory_suppressions.hpp"
#include "tests/support/memory_tls_report_store.hpp"
#include "tests/unit/delivery/dispatch/fixtures.hpp"

using namespace outpost;
using namespace outpost::server;
using namespace std::chrono_literals;

namespace {

constexpr const char* relay_listener =
    "hostname: mail.example.org\n"
    "listeners:\n"
    "  relay:\n"
    "    address: [127.0.0.1]\n"
    "    port: 0\n"
    "    tls: none\n"
    "    auth: none\n"
    "    submission: false\n"
    "    allowed_networks: [127.0.0.0/8]\n";

/// A node on a configuration file of its own, with a queue in memory and fake transports.
class World {
  public:
    explicit World(std::uint16_t port = free_port())
        : file_(
              std::filesystem::temp_directory_path() /
              ("outpost-runtime-" + std::to_string(port) + ".yaml")
          ) {
        write(relay_listener, port);
        auto loaded = load(file_);
        if (!loaded) FAIL(loaded.error().text());
        RuntimeOptions options;
        options.config_file = file_;
        options.threads = 2;
        options.stores.emplace(Stores{
            store, limits_, suppressions_, bounces_, reports_,
            [this](const std::string& policy) -> delivery::PolicyStore* {
                return policy == "mta_sts" ? &policies_ : nullptr;
            },
            [this](queue::FreshWorkTaker* taker) {
                store.set_taker(taker);
                if (taker == nullptr) ++closed;
            }
        });
        options.make_transport =
            [this](const auto&, const std::string& name, const auto&, const auto&)
            -> delivery::TransportPtr {
            if (name == "broken") throw std::runtime_error("cannot be made");
            return name == "other" ? other : direct;
        };
        runtime = std::make_unique<Runtime>(std::move(loaded).value(), std::move(options));
    }
    ~World() {
        runtime.reset();
        std::filesystem::remove(file_);
    }

    void write(std::string text, std::uint16_t port) {
        port_ = port;
        text.replace(text.find("port: 0"), 7, "port: " + std::to_string(port));
        std::ofstream(file_) << text;
    }
    void write(const std::string& text) { write(text, port_); }

    /// Sends one message over SMTP and returns the replies.
    std::string send(const std::string& to) {
        asio::io_context loop;
        asio::ip::tcp::socket socket(loop);
        socket.connect({asio::ip::address_v4::loopback(), port_});
        std::string replies;
        for (const std::string& line :
             {std::string(), std::string("HELO client.example\r\n"),
              std::string("MAIL FROM:<alice@example.org>\r\n"), "RCPT TO:<" + to + ">\r\n",
              std::string("DATA\r\n"), std::string("Subject: test\r\n\r\nhello\r\n.\r\n"),
              std::string("QUIT\r\n")}) {
            asio::write(socket, asio::buffer(line));
            asio::streambuf reply;
            const auto size = asio::read_until(socket, reply, "\r\n");
            replies += std::string(
                asio::buffers_begin(reply.data()),
                asio::buffers_begin(reply.data()) + static_cast<std::ptrdiff_t>(size)
            );
        }
        return replies;
    }

    bool listens() const {
        asio::io_context loop;
        asio::ip::tcp::socket socket(loop);
        asio::error_code error;
        socket.connect({asio::ip::address_v4::loopback(), port_}, error);
        return !error;
    }

    static void until(const std::function<bool()>& condition) {
        const auto limit = SteadyClock::now() + 20s;
        while (!condition()) {
            REQUIRE(SteadyClock::now() < limit);
            std::this_thread::sleep_for(2ms);
        }
    }

    std::uint16_t port() const { return port_; }

    test::MemoryQueueStore store;
    std::atomic<int> closed{0};
    std::shared_ptr<test::FakeTransport> direct = std::make_shared<test::FakeTransport>();
    std::shared_ptr<test::FakeTransport> other = std::make_shared<test::FakeTransport>(false);
    std::unique_ptr<Runtime> runtime;

  private:
    static std::uint16_t free_port() {
        asio::io_context loop;
        asio::ip::tcp::acceptor acceptor(loop, {asio::ip::address_v4::loopback(), 0});
        return acceptor.local_endpoint().port();
    }
    test::MemoryLimitStore limits_;
    test::MemoryPolicyStore policies_;
    test::NoBounces bounces_;
    test::MemorySuppressions suppressions_;
    test::MemoryTlsReportStore reports_;
    std::filesystem::path file_;
    std::uint16_t port_ = 0;
};

}  // namespace

TEST_CASE("mail goes in by a listener and out by a transport") {
    World world;
    world.runtime->start();
    const auto replies = world.send("bob@example.net");
    CAPTURE(replies);
    World::until([&] { return !world.store.settled().empty(); });
    CHECK(world.direct->calls() == 1);
    CHECK(world.store.rows().front().state == queue::RecipientState::delivered);
    world.runtime->stop();
    CHECK(world.closed == 1);
    world.runtime->stop();  // nothing more to do
    CHECK(world.closed == 1);
}

TEST_CASE(
    "a reload changes routes and transports without closing the listener; a bad one changes nothing"
) {
    World world;
    world.runtime->start();
    world.write(
        std::string(relay_listener) +
        "transports:\n  other: {type: discard}\nroutes:\n  - transport: other\n"
    );
    REQUIRE(world.runtime->reload());
    world.send("bob@example.net");
    World::until([&] { return world.store.settled().size() == 1; });
    CHECK(world.other->calls() == 1);

    world.write(
        std::string(relay_listener) +
        "transports:\n  broken: {type: discard}\nroutes:\n  - transport: broken\n"
    );
    CHECK_FALSE(world.runtime->reload());
    world.write(std::string(relay_listener) + "nonsense: true\n");
    CHECK_FALSE(world.runtime->reload());
    world.send("bob@example.net");
    World::until([&] { return world.store.settled().size() >= 2; });
    CHECK(world.other->calls() == 2);
}

TEST_CASE("SIGHUP reloads and SIGTERM ends the serving") {
    World world;
    std::thread person([&] {
        World::until([&] { return world.listens(); });
        world.write(
            std::string(relay_listener) +
            "transports:\n  other: {type: discard}\nroutes:\n  - transport: other\n"
        );
        ::kill(::getpid(), SIGHUP);
        World::until([&] {
            world.send("bob@example.net");
            return world.other->calls() > 0;
        });
        ::kill(::getpid(), SIGTERM);
    });
    world.runtime->run();
    person.join();
    CHECK(world.closed == 1);
    CHECK_FALSE(world.listens());
}

TEST_CASE("what cannot be started leaves nothing behind and says why") {
    World world;
    world.runtime->start();
    World second(world.port());
    CHECK_THROWS_AS(second.runtime->start(), std::exception);
    CHECK(second.closed == 1);
}
