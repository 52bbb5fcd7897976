// SPDX-License-Identifier: Apache-2.0
#include "core/server/node/reload.hpp"

#include <doctest/doctest.h>

#include <unistd.h>
#include "transports/relay/kind.hpp"

#include <fstream>

#include "core/server/node/make_snapshot.hpp"

using namespace outpost;
using namespace outpost::server;

namespace {

/// A file that is gone with the test.
class TemporaryFile {
  public:
    explicit TemporaryFile(const std::string& text)
        : path_(
              std::filesystem::temp_directory_path() /
              ("outpost-reload-" + std::to_string(::getpid()) + ".yaml")
          ) {
        std::ofstream(path_) << text;
    }
    ~TemporaryFile() { std::filesystem::remove(path_); }
    const std::filesystem::path& path() const { return path_; }

  private:
    std::filesystem::path path_;
};

}  // namespace

TEST_CASE("a good file is applied") {
    const TemporaryFile file("hostname: mail.example.org\n");
    std::string applied;
    CHECK(reload(file.path(), [&](Loaded loaded) { applied = loaded.settings.hostname; }));
    CHECK(applied == "mail.example.org");
}

TEST_CASE("a bad file is not applied") {
    const TemporaryFile file("hostname: mail.example.org\nhots: x\n");
    bool applied = false;
    CHECK_FALSE(reload(file.path(), [&](Loaded) { applied = true; }));
    CHECK_FALSE(applied);
}

TEST_CASE("a file whose parts cannot be made is not in effect") {
    const TemporaryFile file("hostname: mail.example.org\n");
    CHECK_FALSE(reload(file.path(), [](Loaded) { throw std::runtime_error("no such certificate"); })
    );
}

TEST_CASE("what only a restart puts into effect is named") {
    Settings old;
    old.hostname = "a.example.org";
    Settings next = old;
    CHECK(needs_restart(old, next).empty());
    next.retry.first = std::chrono::seconds(1);
    next.routes.emplace_back();
    CHECK(needs_restart(old, next).empty());
    next.listeners["new"].port = 25;
    next.hostname = "b.example.org";
    CHECK(needs_restart(old, next).empty());
    next.node = "b";
    next.limits.max_in_flight = 1;
    CHECK(needs_restart(old, next) == std::vector<std::string>{"node", "limits.deliveries"});
}

TEST_CASE("a snapshot has the routes of all owners, and names the transport that cannot be made") {
    Loaded loaded;
    loaded.version = "abc";
    loaded.settings.hostname = "mail.example.org";
    loaded.settings.routes.resize(1);
    loaded.settings.accounts["alice"].routes.resize(2);
    loaded.settings.domains["example.org"].routes.resize(3);
    transports::RelaySettings relay;
    relay.smtp.max_connections = 7;
    loaded.settings.transports["relay"] = {
        "smtp", std::make_shared<const transports::RelayConfig>(relay)
    };
    const auto makes_nothing = [](const auto&, const auto&, const auto&, const auto&) {
        return delivery::TransportPtr();
    };
    const auto snapshot = make_snapshot(loaded, makes_nothing, {});
    CHECK(snapshot->version == "abc");
    const auto lists = snapshot->lists_for("alice", dns::Domain::parse("example.org").value());
    CHECK(lists.account->size() == 2);
    CHECK(lists.domain->size() == 3);
    CHECK(lists.global->size() == 1);
    CHECK(snapshot->lists_for("bob", {}).account == nullptr);
    CHECK(snapshot->transport("relay")->concurrency == 7);
    CHECK(snapshot->transport("other") == nullptr);

    const auto fails = [](const auto&, const auto&, const auto&,
                          const auto&) -> delivery::TransportPtr {
        throw std::runtime_error("no key");
    };
    CHECK_THROWS_WITH_AS(
        make_snapshot(loaded, fails, {}), "transport 'relay': no key", std::runtime_error
    );
}

TEST_CASE("a snapshot signs mail of SQL with the keys of domains that its account may send from") {
    const auto makes_nothing = [](const auto&, const auto&, const auto&, const auto&) {
        return delivery::TransportPtr();
    };
    const auto domain = dns::Domain::parse("example.org").value();
    Loaded loaded;
    loaded.settings.accounts["shop"].submission.domains = {domain};
    loaded.settings.accounts["other"].submission.domains = {};
    CHECK(make_snapshot(loaded, makes_nothing, {})->signer == nullptr);

    loaded.settings.domains["example.org"].dkim.emplace().keys["s"] =
        dkim::PrivateKey::make_ed25519();
    const auto signer = make_snapshot(loaded, makes_nothing, {})->signer;
    REQUIRE(signer);
    const mail::Header header("From: a@example.org\r\n\r\n");
    const auto sender = mail::Address::parse("a@example.org").value();
    CHECK(signer->signer_of(header, "shop", sender) != nullptr);
    CHECK(signer->signer_of(header, "other", sender) == nullptr);
    CHECK(signer->signer_of(header, "nobody", sender) == nullptr);
}
