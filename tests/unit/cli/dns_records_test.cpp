// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <sstream>

#include "core/cli/commands.hpp"
#include "core/mail/authentication/dkim/key.hpp"
#include "core/mail/authentication/dkim/key_record.hpp"
#include "core/net/tls/tlsa.hpp"
#include "tests/support/fake_dns.hpp"

using namespace outpost;

namespace {

/// A folder with a configuration and the keys that it names.
class Machine {
  public:
    Machine() {
        std::string name = (std::filesystem::temp_directory_path() / "records-XXXXXX").string();
        REQUIRE(mkdtemp(name.data()) != nullptr);
        directory_ = name;
        tls::mint_certificates(directory_, {"mx.example.org"});
        write("dkim.pem", std::string(key.pem().reveal()));
    }
    ~Machine() { std::filesystem::remove_all(directory_); }

    void write(const std::string& name, const std::string& text) const {
        std::ofstream(directory_ / name) << text;
    }
    std::string read(const std::string& name) const {
        std::ostringstream text;
        text << std::ifstream(directory_ / name).rdbuf();
        return text.str();
    }
    server::Loaded load() const {
        write("outpost.yaml", R"(hostname: MX.example.org
outgoing_addresses: [192.0.2.1, "2001:db8::1"]
host_keys: [key.pem]
tls_reports: {host_address: host@example.org}
bounces: {domain: bounces.example.org, secret: 0123456789abcdef0123456789abcdef}
listeners:
  in: {receive: true, port: 25, certificate: cert.pem, key: key.pem}
transports:
  proxy: {type: socks, proxy_host: 127.0.0.1, remote_ips: [198.51.100.7]}
  relay: {type: smtp, host: relay.example, ehlo_name: seen-by-relay.example.org}
domains:
  Example.ORG:
    mx: [mx.example.org]
    spf: {mechanisms: ["include:relay.example"]}
    dmarc: {policy: quarantine, reports: dmarc@example.org}
    mta_sts: {mode: testing, max_age: 1d}
    tls_reports: tls@example.org
    dkim: {keys: {2026a: {file: dkim.pem}}}
)");
        return load("outpost.yaml");
    }
    server::Loaded load(const std::string& name) const {
        auto loaded = server::load(directory_ / name);
        REQUIRE_MESSAGE(loaded, loaded.error().text());
        return std::move(*loaded);
    }
    const dkim::PrivateKey key = dkim::PrivateKey::make_rsa();

  private:
    std::filesystem::path directory_;
};

struct Said {
    int code = 0;
    std::string out, err;
};

template <class Options>
Said run(
    const server::Loaded& loaded, const Options& options,
    int (*command)(const server::Loaded&, const Options&)
) {
    std::ostringstream out, err;
    auto* const old_out = std::cout.rdbuf(out.rdbuf());
    auto* const old_err = std::cerr.rdbuf(err.rdbuf());
    const int code = command(loaded, options);
    std::cout.rdbuf(old_out);
    std::cerr.rdbuf(old_err);
    return {code, out.str(), err.str()};
}

Said run(const server::Loaded& loaded, const cli::RecordsOptions& options) {
    return run(loaded, options, cli::dns_records);
}

Said check(const server::Loaded& loaded, bool as_json) {
    return run(loaded, cli::CheckOptions{"example.org", false, as_json}, cli::dns_check);
}

/// The graver one of the findings about each topic and name, "SPF example.org".
std::map<std::string, std::string> results(const nlohmann::json& told) {
    const std::vector<std::string> order{"ok", "warning", "unknown", "missing", "wrong"};
    const auto rank = [&](const std::string& result) {
        return std::find(order.begin(), order.end(), result) - order.begin();
    };
    std::map<std::string, std::string> results;
    for (const auto& finding : told["findings"]) {
        const auto about =
            finding["topic"].get<std::string>() + " " + finding["name"].get<std::string>();
        const auto result = finding["result"].get<std::string>();
        auto& known = results.emplace(about, "ok").first->second;
        if (rank(result) > rank(known)) known = result;
    }
    return results;
}

}  // namespace

TEST_CASE("all records of a configured domain and its host are printed, for programs too") {
    const Machine machine;
    const auto loaded = machine.load();
    const auto said = run(loaded, {"example.org", false, true});
    CHECK(said.code == cli::ok);
    CHECK(said.err.empty());
    const auto json = nlohmann::json::parse(said.out);
    std::vector<std::string> lines;
    for (const auto& record : json["records"]) {
        lines.push_back(
            record["name"].get<std::string>() + " " + record["type"].get<std::string>() + " " +
            record["value"].get<std::string>()
        );
        CHECK_FALSE(record["reason"].get<std::string>().empty());
    }
    const auto tlsa = tls::text(tls::tlsa_of_private_key(machine.read("key.pem")).value());
    CHECK(
        json["mta_sts_policy"] ==
        "version: STSv1\r\nmode: testing\r\nmx: mx.example.org\r\nmax_age: 86400\r\n"
    );
    const std::string from = "ip4:192.0.2.1 ip6:2001:db8::1 ip4:198.51.100.7 include:relay.example";
    const std::vector<std::string> expected{
        "example.org MX 10 mx.example.org.",
        "example.org TXT v=spf1 " + from + " ~all",
        "2026a._domainkey.example.org TXT " + dkim::key_record(machine.key),
        "_dmarc.example.org TXT v=DMARC1; p=quarantine; rua=mailto:dmarc@example.org",
        "_mta-sts.example.org TXT v=STSv1; id=56a100b2cf83d05bba22",
        "mta-sts.example.org CNAME mx.example.org.",
        "_smtp._tls.example.org TXT v=TLSRPTv1; rua=mailto:tls@example.org",
        "bounces.example.org MX 10 mx.example.org.",
        "bounces.example.org TXT v=spf1 " + from + " ~all",
        "mx.example.org A 192.0.2.1",
        "mx.example.org AAAA 2001:db8::1",
        "mx.example.org TXT v=spf1 a ip4:198.51.100.7 -all",
        "_25._tcp.mx.example.org TLSA " + tlsa,
        "_smtp._tls.mx.example.org TXT v=TLSRPTv1; rua=mailto:host@example.org",
        "1.2.0.192.in-addr.arpa PTR mx.example.org.",
        "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa PTR "
        "mx.example.org.",
        "7.100.51.198.in-addr.arpa PTR mx.example.org.",
    };
    CHECK(lines == expected);
}

TEST_CASE("records are a zone file that says why, or a table") {
    const Machine machine;
    const auto loaded = machine.load();
    const auto zone = run(loaded, {"EXAMPLE.org", false, false}).out;
    CHECK(zone.starts_with("; The domain's mail is received there\nexample.org. IN MX 10 "));
    CHECK(
        zone.find("2026a._domainkey.example.org. IN TXT (\n    \"v=DKIM1; k=rsa; p=") != zone.npos
    );
    const auto table = run(loaded, {"example.org", true, false}).out;
    CHECK(table.starts_with("NAME "));
    CHECK(table.find(dkim::key_record(machine.key)) != table.npos);
}

TEST_CASE("the host name alone gives the host's records; a domain of others gives none") {
    const Machine machine;
    const auto loaded = machine.load();
    const auto host = run(loaded, {"mx.example.org", false, false});
    CHECK(host.code == cli::ok);
    CHECK(host.out.find("_25._tcp.mx.example.org. IN TLSA 3 1 1 ") != host.out.npos);
    CHECK(host.out.find("_dmarc") == host.out.npos);
    const auto other = run(loaded, {"example.net", false, false});
    CHECK(other.code == cli::usage);
    CHECK(other.out.empty());
    CHECK(other.err.find("example.net is neither one of the configured domains") != other.err.npos);
}

TEST_CASE("what the configuration does not say is pointed out; a host key that is none is an error"
) {
    const Machine machine;
    auto loaded = machine.load();
    loaded.settings.outgoing_addresses.clear();
    const auto said = run(loaded, {"example.org", false, false});
    CHECK(said.out.find("\"v=spf1 a:mx.example.org ip4:198.51.100.7 ") != said.out.npos);
    CHECK(said.err.find("outgoing_addresses are not configured") != said.err.npos);
    machine.write("key.pem", "nonsense");
    const auto bad = run(loaded, {"example.org", false, false});
    CHECK(bad.code == cli::config_error);
    CHECK(bad.err.find("key.pem is no private key in PEM") != bad.err.npos);
}

TEST_CASE("a check tells what is there, what is missing, what is wrong and what nobody knows") {
    const test::FakeDns dns(
        "example.org MX 10 mx.example.org\n"
        "example.org TXT v=spf1 ip4:192.0.2.1 -all\n"
        "mx.example.org A 192.0.2.1\n"
        "_dmarc.example.org TXT v=DMARC1; p=quarantine; rua=mailto:dmarc@example.org\n"
        "bounces.example.org SERVFAIL\n"
    );
    const Machine machine;
    auto loaded = machine.load();
    loaded.settings.dns.servers = {dns.endpoint()};
    const auto said = check(loaded, true);
    CHECK(said.code == cli::failed);
    const auto told = nlohmann::json::parse(said.out);
    CHECK(told["ok"] == false);
    auto results = ::results(told);
    CHECK(results["MX example.org"] == "ok");
    CHECK(results["MX mx.example.org"] == "ok");
    CHECK(results["SPF example.org"] == "wrong");  // not of the proxy
    CHECK(results["SPF mx.example.org"] == "missing");
    CHECK(results["SPF bounces.example.org"] == "unknown");
    CHECK(results["MX bounces.example.org"] == "unknown");
    CHECK(results["DKIM 2026a._domainkey.example.org"] == "missing");
    CHECK(results["DMARC _dmarc.example.org"] == "ok");
    CHECK(results["MTA-STS _mta-sts.example.org"] == "missing");
    CHECK(results["TLSRPT _smtp._tls.example.org"] == "missing");
    CHECK(results["TLSRPT _smtp._tls.mx.example.org"] == "missing");
    CHECK(results["DANE _25._tcp.mx.example.org"] == "warning");  // the zone is not signed
    CHECK(results["EHLO mx.example.org"] == "ok");
    CHECK(results["PTR 192.0.2.1"] == "missing");
    const auto text = check(loaded, false).out;
    CHECK(text.find("\nMX\n  ok       example.org (insecure): 10 mx.example.org.\n") != text.npos);
    CHECK(text.find("expected: v=spf1 ip4:192.0.2.1 ip6:2001:db8::1 ") != text.npos);
    CHECK(text.find("to do: add ip4:198.51.100.7\n") != text.npos);
}

TEST_CASE("what nobody answers about is unknown, not missing") {
    const test::FakeDns dns("example.org SERVFAIL\n");
    const Machine machine;
    machine.write("bare.yaml", "hostname: example.org\ndomains: {example.org: {}}\n");
    auto loaded = machine.load("bare.yaml");
    loaded.settings.dns.servers = {dns.endpoint()};
    const auto told = nlohmann::json::parse(check(loaded, true).out);
    CHECK(::results(told)["SPF example.org"] == "unknown");
    CHECK(::results(told)["EHLO example.org"] == "unknown");
}
