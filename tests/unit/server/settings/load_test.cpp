// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "core/server/settings/plugin_transport.hpp"
#include "transports/direct/settings.hpp"
#include "transports/discard/discard.hpp"
#include "transports/fail/fail.hpp"
#include "transports/relay/settings.hpp"

#include <cstdlib>

#include "core/server/settings/load.hpp"
#include "tests/unit/server/settings/source_tree.hpp"

using namespace outpost;
using namespace outpost::test;
using namespace std::chrono_literals;

namespace {

Result<server::Loaded, config::Problems> load(const std::string& text) {
    return server::load_text(text, "outpost.yaml", config::Environment::assumed("/etc/outpost"));
}

/// Headlines of all problems, one a line.
std::string said(const std::string& text) {
    const auto loaded = load("hostname: a.example\n" + text);
    const config::Problems& problems = loaded ? loaded->warnings : loaded.error();
    std::string out;
    for (const auto& problem : problems.list())
        out += problem.headline() + "\n";
    return out;
}

}  // namespace

TEST_CASE("the shortest configuration will do") {
    const auto loaded = load("hostname: Mail.Example.ORG\n");
    REQUIRE(loaded);
    CHECK(loaded->warnings.empty());
    CHECK(loaded->settings.hostname == "mail.example.org");
    CHECK(loaded->settings.node == "mail.example.org");
    CHECK(loaded->settings.transports.at("direct").as<transports::DirectSettings>() != nullptr);
    CHECK(loaded->version.size() == 12);
    CHECK(loaded->version == load("hostname: Mail.Example.ORG\n")->version);
    CHECK(loaded->version != load("hostname: mail.example.org\n")->version);
}

TEST_CASE("every example passes the check without a warning") {
    REQUIRE(example_files().size() >= 6);
    for (const auto& path : example_files()) {
        const auto loaded = server::load_text(
            read_text(path), path.filename().string(), config::Environment::assumed("/etc/outpost")
        );
        CHECK_MESSAGE(loaded, path.filename().string(), "\n", loaded ? "" : loaded.error().text());
        if (loaded) CHECK_MESSAGE(loaded->warnings.empty(), loaded->warnings.text());
    }
}

TEST_CASE("routes are bound with all their conditions") {
    const auto loaded = load(R"(hostname: a.example
accounts: {alice: {any_sender: true}}
routes:
  - name: all of it
    from: [example.org, .example.org]
    to: ["*", "!example.net"]
    mx: .google.com
    account: alice
    sender: ["Bob@Example.org", "@EXAMPLE.com", <>]
    attempts: 2..5
    last_error: [connect, 4.7, "5.7.1"]
    size: 1MiB..
    tag: bulk
    header: {name: X-Kind, contains: ad}
    transport: [direct, relay]
    uncertain: assume_delivered
  - attempts: 0
    transport: direct
transports:
  relay: {type: submission, host: smtp.example.net}
)");
    REQUIRE(loaded);
    const route::Route& route = loaded->settings.routes.at(0);
    CHECK(route.name == "all of it");
    CHECK(route.from_domains.size() == 2);
    CHECK(route.to_domains.at(1).negated());
    CHECK(route.mx_suffixes.at(0).text() == ".google.com");
    CHECK(route.accounts == std::vector<std::string>{"alice"});
    CHECK(route.senders == std::vector<std::string>{"bob@example.org", "@example.com", "<>"});
    CHECK(route.min_attempts == 2);
    CHECK(route.max_attempts == 5);
    CHECK(route.last_errors == std::vector<std::string>{"connect", "4.7", "5.7.1"});
    CHECK(route.min_size == 1 << 20);
    CHECK(!route.max_size);
    CHECK(route.tags == std::vector<std::string>{"bulk"});
    CHECK(route.header->contains == "ad");
    CHECK(route.transports == std::vector<std::string>{"direct", "relay"});
    CHECK(route.on_uncertain == route::OnUncertain::assume_delivered);
    CHECK(loaded->settings.routes.at(1).min_attempts == 0);
    CHECK(loaded->settings.routes.at(1).max_attempts == 0);
}

TEST_CASE("transports of every type are bound") {
    const auto loaded = load(R"(hostname: a.example
plugins: lmtp.so
transports:
  a: {type: direct, ipv6: false, ehlo_name: b.example, max_connections: 7}
  b: {type: smtp, host: [c.example, 192.0.2.1], tls: encrypted, port: 2525}
  c: {type: submission, host: d.example, auth: {username: u, password: hunter2, mechanisms: PLAIN}}
  d: {type: submissions, host: e.example, auth: {username: u, token: {type: command, command: [get, token]}}}
  e: {type: socks, proxy_host: 127.0.0.1, username: u, password: p, remote_ips: 192.0.2.7}
  f: {type: fail, code: 451, message: not now}
  g: {type: discard, delay: 20ms}
  h: {type: plugin, transport: lmtp, options: {socket: /run/lmtp, timeout: 5}}
)");
    REQUIRE(loaded);
    const auto& made = loaded->settings.transports;
    CHECK(made.size() == 9);
    const auto& direct = *made.at("a").as<transports::DirectSettings>();
    CHECK(direct.ipv4);
    CHECK(!direct.ipv6);
    CHECK(direct.smtp.ehlo_name == "b.example");
    const auto& smtp = *made.at("b").as<transports::RelaySettings>();
    CHECK(smtp.kind == transports::RelaySettings::Kind::smtp);
    CHECK(smtp.hosts == std::vector<std::string>{"c.example", "192.0.2.1"});
    CHECK(smtp.tls == transports::RelayTls::encrypted);
    const auto& submission = *made.at("c").as<transports::RelaySettings>();
    CHECK(submission.kind == transports::RelaySettings::Kind::submission);
    CHECK(submission.tls == transports::RelayTls::verified);
    CHECK(submission.auth.password.reveal() == "hunter2");
    CHECK(submission.auth.mechanisms == std::vector<std::string>{"PLAIN"});
    const auto& submissions = *made.at("d").as<transports::RelaySettings>();
    CHECK(
        std::get<sasl::TokenCommand>(submissions.auth.token).command ==
        std::vector<std::string>{"get", "token"}
    );
    CHECK(made.at("e").as<transports::SocksSettings>()->remote_ips.size() == 1);
    CHECK(made.at("f").as<transports::FailSettings>()->code == 451);
    CHECK(made.at("g").as<transports::DiscardSettings>()->delay == 20ms);
    CHECK(made.at("h").as<outpost::server::PluginSettings>()->options.at("timeout") == "5");
}

TEST_CASE("limits of destinations and transports are bound") {
    const auto loaded = load(R"(hostname: a.example
limits:
  messages_per_destination: 100/1m
  messages_per_transport: 5000/1h30m
  destinations:
    Big.Example: {deliveries: 5, rate: 1000/h}
    small.example: {rate: 1/10}
transports:
  direct: {type: direct, max_connections: 7, rate: 20/s}
)");
    REQUIRE(loaded);
    const auto& limits = loaded->settings.limits;
    CHECK(limits.destination_rate == delivery::Rate{100, 60s});
    CHECK(limits.transport_rate == delivery::Rate{5000, 90min});
    CHECK(limits.destinations.at("big.example") == dispatch::DestinationLimit{5, {1000, 1h}});
    CHECK(limits.destinations.at("small.example") == dispatch::DestinationLimit{0, {1, 10s}});
    const auto& direct = *loaded->settings.transports.at("direct").as<transports::DirectSettings>();
    CHECK(direct.smtp.rate == delivery::Rate{20, 1s});
    for (const auto* wrong :
         {"100", "100/", "/1m", "0/1m", "-5/1m", "ten/1m", "10/500ms", "10/8d", "10/1m/2", "10 / 1m"
         }) {
        CHECK_MESSAGE(
            said("limits: {messages_per_transport: '" + std::string(wrong) + "'}").find("a rate") !=
                std::string::npos,
            wrong
        );
    }
    CHECK(
        said("limits: {destinations: {'no domain': {}}}").find("is not a domain name") !=
        std::string::npos
    );
}

TEST_CASE("broken files: each message, with line and column") {
    const std::string relay = "transports: {relay: {type: smtp, host: b.example}}\n";
    const std::string certificate = "certificate: c, key: k";
    const std::pair<std::string, std::string> cases[] = {
        {"hostnam: b\n",
         "outpost.yaml:2:1: error: unknown key 'hostnam' (did you mean 'hostname'?)\n"},
        {"hostname: b\n", "outpost.yaml:2:1: error: key 'hostname' appears twice, first in line 1\n"
        },
        {relay + "routes:\n  - to: c.example\n    transport: rleay\n",
         "outpost.yaml:5:16: error: routes[1].transport[1]: no transport is called 'rleay' (did "
         "you mean 'relay'?)\n"},
        {relay + "routes:\n  - transport: [relay, nowhere]\n",
         "outpost.yaml:4:24: error: routes[1].transport[2]: no transport is called 'nowhere' "
         "(known: direct, relay)\n"},
        {"routes:\n  - to: c.example\n",
         "outpost.yaml:3:5: error: routes[1]: required key 'transport' is missing\n"},
        {"routes:\n  - transport: []\n", "outpost.yaml:3:16: error: routes[1]: names no transport\n"
        },
        {"routes:\n  - transport: direct\n  - {to: c.example, transport: direct}\n",
         "outpost.yaml:4:5: warning: routes[2]: can never match: route 1 above it matches "
         "everything that it matches\n"},
        {"routes:\n  - {name: kin, to: [.c.example, d.example], transport: direct}\n  - {to: "
         "x.c.example, transport: direct}\n",
         "outpost.yaml:4:5: warning: routes[2]: can never match: route 1 'kin' above it matches "
         "everything that it matches\n"},
        {"domains:\n  c.example:\n    routes: [{transport: smarthost}]\n",
         "outpost.yaml:4:26: error: domains.c.example.routes[1].transport[1]: no transport is "
         "called 'smarthost' (known: direct)\n"},
        {"domains:\n  -c.example: {}\n",
         "outpost.yaml:3:3: error: domains.-c.example: is not a domain name: "},
        {"routes: [{to: 'a..b', transport: direct}]\n",
         "outpost.yaml:2:15: error: routes[1].to: the text 'a..b' is not a domain pattern ("},
        {"routes: [{last_error: conect, transport: direct}]\n",
         "outpost.yaml:2:23: error: routes[1].last_error: the text 'conect' is neither a kind of "
         "error nor a status like 4.7.1 (did you mean 'connect'?)\n"},
        {"routes: [{last_error: 2.7, transport: direct}]\n",
         "outpost.yaml:2:23: error: routes[1].last_error: the number 2.7 is neither a kind of "
         "error nor a status like 4.7.1"},
        {"routes: [{account: bob, transport: direct}]\n",
         "outpost.yaml:2:20: warning: routes[1].account[1]: no account is called 'bob'\n"},
        {"routes: [{sender: bob, transport: direct}]\n",
         "outpost.yaml:2:19: error: routes[1].sender: the text 'bob' is not a sender address, "
         "@domain or <> ("},
        {"listeners:\n  a: {port: 25, tls: none, auth: none, allowed_networks: 192.0.2.0/24}\n  b: "
         "{port: 25, tls: none, auth: none, allowed_networks: 192.0.2.0/24}\n",
         "outpost.yaml:4:13: error: listeners.b.port: listener 'a' has the same address and port "
         "25\n"},
        {"listeners:\n  a: {port: 587}\naccounts: {x: {any_sender: true}}\n",
         "outpost.yaml:3:6: error: listeners.a: TLS needs 'certificate' and 'key' (or write 'tls: "
         "none')\n"},
        {"listeners:\n  a: {port: 587, certificate: c}\naccounts: {x: {any_sender: true}}\n",
         "outpost.yaml:3:31: error: listeners.a: certificate and key belong together, one of them "
         "is missing\n"},
        {"listeners:\n  a: {port: 587, " + certificate + "}\n",
         "outpost.yaml:3:6: warning: listeners.a: authentication is required and there are no "
         "accounts: nobody can log in\n"},
        {"listeners:\n  a: {port: 25, tls: none, auth: none}\n",
         "outpost.yaml:3:34: error: listeners.a: nobody could send mail here: there is neither "
         "authentication nor 'allowed_networks'\n"},
        {"listeners:\n  a: {port: 25, tls: none, auth: none, allowed_networks: 0.0.0.0/0}\n",
         "outpost.yaml:3:58: warning: listeners.a: everyone may send mail here: this is an open "
         "relay\n"},
        {"listeners:\n  a: {port: 25, tls: none, auth: none, allowed_networks: 192.0.2.0/24, "
         "account: bob}\n",
         "outpost.yaml:3:81: error: listeners.a.account: no account is called 'bob'\n"},
        {"listeners:\n  a: {socket: /run/x, port: 25}\n",
         "outpost.yaml:3:29: error: listeners.a: a listener on a 'socket' has no 'port'\n"},
        {"listeners:\n  a: {auth: none}\n",
         "outpost.yaml:3:6: error: listeners.a: a listener needs a 'port' or a 'socket'\n"},
        {"bounces: {domain: b.example, secret: 0123456789abcdef}\nlisteners:\n  a: {port: 25, "
         "receive: "
         "true, auth: none, tls: none}\n",
         "outpost.yaml:4:38: error: listeners.a: a listener that receives has no 'auth'\n"},
        {"bounces: {domain: b.example, secret: 0123456789abcdef}\n",
         "outpost.yaml:2:10: warning: bounces: this node has no listener that takes bounces; has "
         "another node? (set 'receive: true' of a listener on port 25)\n"},
        {"listeners:\n  a: {port: 25, receive: true, tls: none}\n",
         "outpost.yaml:3:26: warning: listeners.a.receive: there is no address that mail could be "
         "received for: all of it is refused (set 'bounces', 'tls_reports.host_address', or "
         "'tls_reports' of a domain)\n"},
        {"tls_reports: {host_address: tls@b.example}\nlisteners:\n  a: {port: 25, receive: true, "
         "tls: "
         "required, " +
             certificate + "}\n",
         "outpost.yaml:4:37: warning: listeners.a: whoever cannot speak TLS with this host cannot "
         "report that either (write 'tls: starttls')\n"},
        {"tls_reports: {host_address: tls@b.example}\nlisteners:\n  a: {port: 25, receive: true, "
         "tls: "
         "implicit, " +
             certificate + "}\n",
         "outpost.yaml:4:37: warning: listeners.a: no mail server delivers to a port with implicit "
         "TLS (write 'tls: starttls')\n"},
        {"accounts: {x: {}}\n",
         "outpost.yaml:2:15: warning: accounts.x: this account may not send from any address (give "
         "it 'addresses' or 'domains')\n"},
        {"accounts: {x: {password: hunter2, any_sender: true}}\n",
         "outpost.yaml:2:26: error: accounts.x.password: is no SCRAM verifier (make one with "
         "'outpost password')\n"},
        {"accounts: {x: {any_sender: true, logins: y}, y: {any_sender: true}}\n",
         "outpost.yaml:2:42: error: accounts.x.logins[1]: the login 'y' already belongs to account "
         "'y'\n"},
        {"transports:\n  a: {type: smtp, host: b.example, tls: none, auth: {username: u, password: "
         "p, mechanisms: [SCRAM-SHA-256, PLAIN]}}\n",
         "outpost.yaml:3:92: error: transports.a.auth: PLAIN would show the secret to others (it "
         "needs 'tls: verified')\n"},
        {"transports:\n  a: {type: smtp, host: b.example, auth: {username: u, password: p, token: "
         "{type: file, path: t}}}\n",
         "outpost.yaml:3:76: error: transports.a.auth: two ways to authenticate: 'password' and "
         "'token' exclude each other\n"},
        {"transports:\n  a: {type: smtp, host: b.example, auth: {username: u}}\n",
         "outpost.yaml:3:42: error: transports.a.auth: neither 'password' nor 'token' (only "
         "'mechanisms: EXTERNAL' with a client certificate needs none)\n"},
        {"transports:\n  a: {type: smtp, host: b.example, auth: {username: u, password: p, "
         "mechanisms: [PLAIN, PLAIN]}}\n",
         "outpost.yaml:3:81: error: transports.a.auth: PLAIN is listed twice\n"},
        {"transports:\n  a: {type: smtp, host: b.example, auth: {username: u, password: p, "
         "mechanisms: SCRAM-SHA-265}}\n",
         "outpost.yaml:3:81: error: transports.a.auth.mechanisms: the text 'SCRAM-SHA-265' is none "
         "of the words known here (did you mean 'SCRAM-SHA-256'?)\n"},
        {"transports:\n  a: {type: submissions, host: b.example, tls: none}\n",
         "outpost.yaml:3:48: error: transports.a: submissions speaks TLS from the first octet (use "
         "type 'submission' or 'smtp')\n"},
        {"transports:\n  a: {type: direct, ipv4: false, ipv6: false}\n",
         "outpost.yaml:3:40: error: transports.a: both address families are disabled (nothing "
         "could be reached)\n"},
        {"transports:\n  a: {type: plugin, transport: lmtp}\n",
         "outpost.yaml:3:6: error: transports.a: no plugin is loaded that could bring this "
         "transport (add it to 'plugins')\n"},
        {"transports:\n  a: {type: direct, source_ipv4: '2001:db8::1'}\n",
         "outpost.yaml:3:34: error: transports.a.source_ipv4: is not an IPv4 address\n"},
        {"transports:\n  a: {type: fail, code: 250}\n",
         "outpost.yaml:3:25: error: transports.a.code: 250 is not between 400 and 599\n"},
        {"retry: {first: 8h, longest: 4h}\n",
         "outpost.yaml:2:16: error: retry: the first delay is longer than the longest one (longest "
         "is 4h)\n"},
        {"retry: {first: 1h, give_up_after: 30m}\n",
         "outpost.yaml:2:8: warning: retry: no delay notice will ever be sent: delivery is given "
         "up before\n"
         "outpost.yaml:2:35: error: retry: gives up before the first retry (first is 1h)\n"},
        {"tls_reports: {submitter: b.example}\n",
         "outpost.yaml:2:26: error: tls_reports.submitter: b.example does not sign by DKIM (give "
         "it "
         "keys: domains.b.example.dkim)\n"},
        {"retry: {factor: 0.5}\n",
         "outpost.yaml:2:17: error: retry.factor: 0.5 is not between 1 and 10\n"},
        {"sink: {listen: 127.0.0.1:25}\nlisteners:\n  a: {port: 25, tls: none, auth: none, "
         "allowed_networks: 192.0.2.0/24}\n",
         "outpost.yaml:4:13: error: listeners.a.port: the sink has the same address and port\n"},
    };
    for (const auto& [text, expected] : cases) {
        const std::string got = said(text);
        const bool whole = expected.ends_with('\n');
        CHECK_MESSAGE(
            (whole ? got == expected : got.starts_with(expected)), "for:\n", text, "said:\n", got,
            "expected:\n", expected
        );
    }
}

TEST_CASE("files are looked at on the machine that the file is for, and only there") {
    const std::string text =
        "hostname: a.example\nplugins: nowhere.so\ntls: {ca_files: [/nowhere/ca.pem]}\n";
    CHECK(load(text));
    const auto refused =
        server::load_text(text, "outpost.yaml", config::Environment::real("/etc/outpost"));
    REQUIRE(!refused);
    CHECK(
        refused.error().list().at(0).headline() ==
        "outpost.yaml:2:10: error: plugins: cannot read /etc/outpost/nowhere.so (No such file or "
        "directory)"
    );
    CHECK(
        refused.error().list().at(1).headline() ==
        "outpost.yaml:3:18: error: tls.ca_files[1]: cannot read /nowhere/ca.pem (No such file or "
        "directory)"
    );
}

TEST_CASE("a listener that receives needs no accounts, and takes less by default") {
    const auto loaded = load(
        "hostname: mx.a.example\n"
        "domains: {a.example: {tls_reports: tls@a.example}}\n"
        "listeners:\n"
        "  public: {port: 25, receive: true, tls: none}\n"
        "  large: {port: 26, receive: true, tls: none, max_message_size: 60MiB}\n"
        "  relay: {port: 27, tls: none, auth: none, allowed_networks: 192.0.2.0/24}\n"
    );
    REQUIRE(loaded);
    CHECK_MESSAGE(loaded->warnings.empty(), loaded->warnings.text());
    const auto& listeners = loaded->settings.listeners;
    CHECK(listeners.at("public").receive);
    CHECK(listeners.at("public").auth == submission::AuthMode::none);
    CHECK(listeners.at("public").largest_message() == 16 << 20);
    CHECK(listeners.at("large").largest_message() == 60 << 20);
    CHECK(listeners.at("relay").largest_message() == 50 << 20);
}

TEST_CASE("who says whether DNS answers are secure is bound") {
    using dns::SecurityMode;
    CHECK(load("hostname: a.example\n")->settings.dns.security == SecurityMode::automatic);
    const auto loaded = load(R"(hostname: a.example
dns:
  servers: 192.0.2.53
  security: validate
  trust_anchors: anchors.ds
  insecure_domains: [Corp.Example.org, lan]
)");
    REQUIRE(loaded);
    const dns::Settings& dns = loaded->settings.dns;
    CHECK(dns.security == SecurityMode::validate);
    CHECK(dns.trust_anchors == "/etc/outpost/anchors.ds");
    CHECK(dns.insecure_domains == std::vector<std::string>{"corp.example.org", "lan"});
    CHECK(
        said("dns: {trusted: true, security: validate}\n") ==
        "outpost.yaml:2:6: error: dns: 'trusted' belongs to 'security: trust-ad'\n"
    );
}

TEST_CASE("a file of trust anchors is looked into") {
    auto environment = config::Environment::assumed("/etc/outpost");
    environment.pretended = false;
    std::string content =
        ". IN DS 20326 8 2 "
        "E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D\n";
    environment.read_file = [&](const auto&) { return Result<std::string>(content); };
    const auto text = "hostname: a.example\ndns: {trust_anchors: anchors.ds}\n";
    CHECK(server::load_text(text, "outpost.yaml", environment));
    content += "example. IN A 192.0.2.1\n";
    const auto refused = server::load_text(text, "outpost.yaml", environment);
    REQUIRE(!refused);
    CHECK(
        refused.error().list().at(0).headline() ==
        "outpost.yaml:2:22: error: dns.trust_anchors: /etc/outpost/anchors.ds: line 2: not a DS or "
        "DNSKEY record"
    );
}

TEST_CASE("a file that cannot be read is a problem like others") {
    const auto loaded = server::load("/nowhere/outpost.yaml");
    REQUIRE(!loaded);
    CHECK(
        loaded.error().text() ==
        "/nowhere/outpost.yaml: error: cannot be read: No such file or directory\n"
    );
    CHECK(!server::load("/").has_value());
}

TEST_CASE("the check reports all problems with lines and carets, and a count") {
    const auto path = std::filesystem::temp_directory_path() /
                      ("outpost-check-" + std::to_string(std::rand()) + ".yaml");
    std::ofstream(path) << "hostname: a.example\nroutes:\n  - transport: direct\n  - transport: "
                           "driect\nretry:\n  frist: 5m\n";
    const auto report = server::check(path);
    std::filesystem::remove(path);
    const std::string name = path.string();
    CHECK(!report.ok);
    CHECK(
        report.text == name +
                           ":4:5: warning: routes[2]: can never match: route 1 above it matches "
                           "everything that it matches\n"
                           "  4 |   - transport: driect\n"
                           "    |     ^\n" +
                           name +
                           ":4:16: error: routes[2].transport[1]: no transport is called 'driect' "
                           "(did you mean 'direct'?)\n"
                           "  4 |   - transport: driect\n"
                           "    |                ^\n" +
                           name +
                           ":6:3: error: retry: unknown key 'frist' (did you mean 'first'?)\n"
                           "  6 |   frist: ...\n"
                           "    |   ^\n" +
                           name + ": 2 errors, 1 warning\n"
    );
}

TEST_CASE("secrets are in no output") {
    const auto loaded = load(
        "hostname: a.example\ndatabase: {connection: 'postgresql://u:hunter2@h/d'}\n"
        "transports: {r: {type: smtp, host: b.example, auth: {username: u, password: hunter2}}}\n"
    );
    REQUIRE(loaded);
    CHECK(server::show(loaded->settings).find("hunter2") == std::string::npos);
    const auto broken = load(
        "hostname: a.example\ndatabase: {connection: 'postgresql://u:hunter2@h/d', conections: 3}\n"
    );
    REQUIRE(!broken);
    CHECK(broken.error().text().find("hunter2") == std::string::npos);
}
