// SPDX-License-Identifier: Apache-2.0
#include "core/server/node/tlsa_watch.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>

#include "core/net/tls/tlsa.hpp"
#include "core/net/tls/tlsa_match.hpp"

using namespace outpost;

namespace {

domain_check::Lookup published(
    const std::vector<tls::TlsaRecord>& records, dns::Security security = dns::Security::secure
) {
    dns::Answer answer;
    for (const auto& record : records) {
        const std::string head{
            static_cast<char>(record.usage), static_cast<char>(record.selector),
            static_cast<char>(record.matching)
        };
        answer.records.push_back({dns::Type::tlsa, 0, head + record.data});
    }
    answer.security = security;
    return answer;
}

std::vector<std::string> a_chain() {
    std::string directory = (std::filesystem::temp_directory_path() / "tlsa-XXXXXX").string();
    REQUIRE(mkdtemp(directory.data()) != nullptr);
    tls::mint_certificates(directory, {"mx.example.org"});
    std::ifstream in(directory + "/cert.pem", std::ios::binary);
    auto chain = tls::certificates_in(std::string(std::istreambuf_iterator<char>(in), {}));
    std::filesystem::remove_all(directory);
    return chain;
}

const tls::TlsaRecord foreign{3, 1, 1, std::string(32, '\x01')};

}  // namespace

TEST_CASE("a certificate whose key has no TLSA record is warned about, with what to publish") {
    const auto chain = a_chain();
    REQUIRE_FALSE(chain.empty());
    const auto record = tls::tlsa_of_certificate(chain.front());
    const auto warning = [&](const domain_check::Lookup& answer) {
        return server::tlsa_warning("mx.example.org", chain, answer);
    };
    CHECK(warning(published({foreign, record})).empty());
    CHECK(
        warning(published({foreign})) ==
        "no TLSA record matches it: senders that use DANE refuse this host; publish: "
        "_25._tcp.mx.example.org. IN TLSA " +
            tls::text(record)
    );
    CHECK(warning(published({})).starts_with("no TLSA record is published for its key"));
}

TEST_CASE("nothing is warned about where TLSA records do not count, or nobody knows") {
    const auto chain = a_chain();
    const auto warning = [&](const domain_check::Lookup& answer) {
        return server::tlsa_warning("mx.example.org", chain, answer);
    };
    CHECK(warning(published({foreign}, dns::Security::insecure)).empty());
    CHECK(warning(published({}, dns::Security::indeterminate)).empty());
    CHECK(warning(Err{dns::Failure{dns::Failure::Kind::timeout, "silence"}}).empty());
    CHECK(server::tlsa_warning("mx.example.org", {}, published({foreign})).empty());
}

TEST_CASE("certificates that strangers see are those of receiving listeners, and of an MX's port") {
    server::Settings settings;
    settings.hostname = "MX.example.org";
    const auto add = [&](const std::string& name, std::uint16_t port, bool receive) {
        auto& listener = settings.listeners[name];
        listener.port = port;
        listener.receive = receive;
        listener.certificate.certificate = name + ".pem";
    };
    add("smtp", 25, false);
    add("submission", 587, false);
    CHECK(server::mx_certificates(settings).empty());
    settings.domains["example.org"].mx = {"mx.example.org"};
    CHECK(
        server::mx_certificates(settings) ==
        std::vector<server::MxCertificate>{{"mx.example.org", "smtp.pem"}}
    );
    add("in", 2525, true);
    settings.listeners["in"].hostname = "in.example.org";
    CHECK(server::mx_certificates(settings).size() == 2);
    CHECK(server::mx_certificates(settings).front().host == "in.example.org");
}
