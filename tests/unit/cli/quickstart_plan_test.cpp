// SPDX-License-Identifier: Apache-2.0
#include "core/cli/quickstart_plan.hpp"

#include <doctest/doctest.h>

#include <map>
#include <regex>

#include "core/domains/records/wanted.hpp"
#include "core/mail/authentication/dkim/key.hpp"
#include "core/server/settings/load.hpp"
#include "core/server/settings/publication.hpp"

using namespace outpost;
using cli::NewFile;
using cli::QuickstartAnswers;
using cli::QuickstartSecrets;

namespace {

QuickstartAnswers bare() {
    QuickstartAnswers answers;
    answers.domain = dns::Domain::parse("example.org").value();
    answers.hostname = dns::Domain::parse("mail.example.org").value();
    answers.directory = "/etc/outpost";
    answers.today = std::chrono::year(2026) / 11 / 26;
    return answers;
}

QuickstartAnswers full() {
    auto answers = bare();
    answers.addresses = {
        asio::ip::make_address("192.0.2.1"), asio::ip::make_address("2001:db8::1")
    };
    answers.mx = {"mx1.provider.example", "mx2.provider.example"};
    answers.spf = {{"include:_spf.provider.example", "a:web.example.org"}, true};
    answers.dmarc = authentication::DmarcPolicy::quarantine;
    answers.mta_sts = true;
    answers.database = Secret("postgresql://outpost:p%22w@db.example.org/outpost");
    return answers;
}

/// A machine that has these files and no others.
config::Environment having(const std::vector<NewFile>& files) {
    std::map<std::filesystem::path, std::string> contents;
    for (const auto& file : files)
        contents[file.path] = file.content.reveal();
    config::Environment machine;
    machine.directory = "/etc/outpost";
    machine.read_file = [contents](const std::filesystem::path& path) -> Result<std::string> {
        const auto found = contents.find(path);
        if (found == contents.end()) return Err("there is no such file");
        return found->second;
    };
    machine.why_unreadable = [contents](const std::filesystem::path& path) {
        return contents.contains(path) ? std::string() : "there is no such file";
    };
    machine.variable = [](const std::string&) { return std::nullopt; };
    return machine;
}

std::string config_of(const std::vector<NewFile>& files) {
    return std::string(files.front().content.reveal());
}

server::Loaded loaded(const std::string& text, const std::vector<NewFile>& files) {
    auto result = server::load_text(text, "outpost.yaml", having(files));
    REQUIRE_MESSAGE(result, result.error().text());
    CHECK(result->warnings.text() == "");
    return std::move(*result);
}

const QuickstartSecrets& secrets() {
    static const QuickstartSecrets made = QuickstartSecrets::make();
    return made;
}

std::vector<std::string> names(const std::vector<NewFile>& files) {
    std::vector<std::string> all;
    for (const auto& file : files)
        all.push_back(file.path.string());
    return all;
}

/// As a person does who accepts an offer: takes the comment marks off the lines of a section.
std::string with_offers(std::string text) {
    return std::regex_replace(
        text,
        std::regex("(^|\n)( *)# (bounces:|  domain: bounces|  secret: |local:|  socket|  "
                   "account: |max_rec|reports: |routes:|  - trans|transports:|  smarthost:|  "
                   "  type: sub|    host: |metrics:|  listen: 127)"),
        "$1$2$3"
    );
}

}  // namespace

TEST_CASE("the configuration loads without a warning when nothing is known but names") {
    const auto answers = bare();
    const auto files = quickstart_files(answers, secrets());
    const auto settings = loaded(config_of(files), files).settings;
    CHECK(settings.hostname == "mail.example.org");
    CHECK(settings.database.connection.reveal() == "postgresql:///outpost?host=/run/postgresql");
    CHECK(settings.outgoing_addresses.empty());
    CHECK(settings.listeners.size() == 3);
    CHECK(settings.listeners.at("receive").receive);
    CHECK(settings.host_keys.size() == 2);
    CHECK_FALSE(settings.https);
    CHECK_FALSE(settings.bounces);
    CHECK(settings.routes.empty());
    const auto& domain = settings.domains.at("example.org");
    CHECK(domain.mx.empty());
    CHECK(domain.spf.mechanisms.empty());
    CHECK_FALSE(domain.mta_sts);
    REQUIRE(domain.dkim);
    CHECK(domain.dkim->signing() == std::vector<std::string>{"202611-ed25519", "202611-rsa"});
}

TEST_CASE("the configuration says all that was found and asked for") {
    const auto answers = full();
    const auto files = quickstart_files(answers, secrets());
    const auto settings = loaded(config_of(files), files).settings;
    CHECK(settings.database.connection == answers.database);
    CHECK(config_of(files).find("p%22w") == std::string::npos);
    CHECK(settings.outgoing_addresses == answers.addresses);
    REQUIRE(settings.https);
    CHECK(settings.https->certificate.certificate == "/etc/outpost/tls/mail.example.org-ecdsa.crt");
    const auto& domain = settings.domains.at("example.org");
    CHECK(domain.mx == answers.mx);
    CHECK(domain.spf.mechanisms == answers.spf.mechanisms);
    CHECK(domain.spf.fail_others);
    CHECK(domain.dmarc.policy == authentication::DmarcPolicy::quarantine);
    CHECK(domain.mta_sts);
}

TEST_CASE("what is offered in comments can be taken as it stands") {
    auto files = quickstart_files(bare(), secrets());
    files.push_back({"/etc/outpost/secrets/smarthost", Secret("password\n")});
    auto text = with_offers(config_of(files));
    // The one line of the smarthost that has a key in braces.
    text = std::regex_replace(text, std::regex("#     auth:"), "    auth:");
    const auto settings = loaded(text, files).settings;
    REQUIRE(settings.bounces);
    CHECK(settings.bounces->domain.ascii() == "bounces.example.org");
    CHECK(settings.bounces->secret == secrets().bounces);
    CHECK(settings.listeners.contains("local"));
    CHECK(settings.routes.size() == 1);
    CHECK(settings.transports.contains("smarthost"));
    CHECK(settings.metrics);
    CHECK(settings.accounts.at("app").submission.max_recipients_per_day == 5000);
    CHECK(settings.domains.at("example.org").dmarc.reports.wire() == "dmarc@example.org");
}

TEST_CASE("the account's password is only in the steps, its verifier only in its file") {
    const auto files = quickstart_files(bare(), secrets());
    const auto settings = loaded(config_of(files), files).settings;
    const auto& account = settings.accounts.at("app").submission;
    CHECK(account.credential.matches(secrets().password));
    for (const auto& file : files) {
        INFO(file.path.string());
        CHECK(file.content.reveal().find(secrets().password.reveal()) == std::string_view::npos);
    }
    const auto steps = quickstart_steps(bare(), secrets(), {});
    CHECK(steps.find(std::string(secrets().password.reveal())) != std::string::npos);
    CHECK(std::regex_match(
        std::string(secrets().password.reveal()), std::regex("[abcdefghijkmnpqrstuvwxyz2-9]{20}")
    ));
    CHECK_FALSE(QuickstartSecrets::make().password == secrets().password);
}

TEST_CASE("files are where the configuration looks, and secrets are for the server alone") {
    const auto files = quickstart_files(full(), secrets());
    CHECK(
        names(files) ==
        std::vector<std::string>{
            "/etc/outpost/outpost.yaml", "/etc/outpost/tls/mail.example.org-ecdsa.key",
            "/etc/outpost/tls/mail.example.org-ecdsa.csr",
            "/etc/outpost/tls/mail.example.org-ecdsa.crt",
            "/etc/outpost/tls/mail.example.org-rsa.key",
            "/etc/outpost/tls/mail.example.org-rsa.csr",
            "/etc/outpost/dkim/202611-rsa._domainkey.example.org.pem",
            "/etc/outpost/dkim/202611-ed25519._domainkey.example.org.pem",
            "/etc/outpost/secrets/app.verifier", "/etc/outpost/secrets/bounces",
            "/etc/outpost/secrets/database"
        }
    );
    for (const auto& file : files) {
        const auto name = file.path.extension();
        const bool is_public = name == ".csr" || name == ".crt", is_config = name == ".yaml";
        CHECK(
            file.access == (is_public   ? NewFile::Access::everyone
                            : is_config ? NewFile::Access::server
                                        : NewFile::Access::secret)
        );
    }
    CHECK(dkim::PrivateKey::parse(files[6].content.reveal()).value().bits() == 2048);
}

TEST_CASE("certificates name the policy host where a policy is served") {
    CHECK(bare().certificate_names() == std::vector<std::string>{"mail.example.org"});
    CHECK(
        full().certificate_names() ==
        std::vector<std::string>{"mail.example.org", "mta-sts.example.org"}
    );
}

TEST_CASE("the steps name the files, quote what a shell would take apart, and skip what is done") {
    auto answers = bare();
    const auto usual = quickstart_steps(answers, secrets(), {});
    CHECK(usual.find("cd /etc/outpost && lego") != std::string::npos);
    CHECK(usual.find("--config") == std::string::npos);
    CHECK(usual.find("useradd") == std::string::npos);
    CHECK(usual.find("createdb") != std::string::npos);
    answers.directory = "/srv/it's here";
    answers.database = Secret("host=db");
    const auto moved = quickstart_steps(answers, secrets(), {"outpost", false});
    CHECK(moved.find(R"(--config '/srv/it'\''s here/outpost.yaml')") != std::string::npos);
    CHECK(moved.find("useradd") != std::string::npos);
    CHECK(moved.find("createdb") == std::string::npos);
}
