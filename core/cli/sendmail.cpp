// SPDX-License-Identifier: Apache-2.0
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>

#include "core/cli/commands.hpp"
#include "core/cli/sendmail_message.hpp"
#include "core/cli/sendmail_options.hpp"
#include "core/cli/smtp_on_stdio.hpp"
#include "core/cli/submit_client.hpp"
#include "core/foundation/base/crypto.hpp"
#include "core/foundation/base/encoding.hpp"

namespace outpost::cli {
namespace {

using delivery::Verdict;

LocalUser local_user() {
    LocalUser user;
    const passwd* entry = getpwuid(getuid());
    user.name = entry != nullptr ? entry->pw_name : std::to_string(getuid());
    if (entry != nullptr && entry->pw_gecos != nullptr) {
        user.full_name = entry->pw_gecos;
        user.full_name = user.full_name.substr(0, user.full_name.find(','));
    }
    char host[256] = "localhost";
    gethostname(host, sizeof host - 1);
    user.hostname = host;
    return user;
}

/// The first of the usual places that has a file: a user needs no access to the server's own.
std::filesystem::path sendmail_config(const std::string& named) {
    if (!named.empty()) return named;
    const char* from_environment = std::getenv("OUTPOST_SENDMAIL_CONFIG");
    if (from_environment != nullptr && *from_environment != '\0') return from_environment;
    for (const char* usual : {"/etc/outpost/sendmail.yaml", "/etc/outpost/outpost.yaml"}) {
        if (access(usual, R_OK) == 0) return usual;
    }
    return {};
}

std::uint16_t port_of(const transports::RelaySettings& relay) {
    if (relay.port != 0) return relay.port;
    switch (relay.kind) {
        case transports::RelaySettings::Kind::smtp:
            return 25;
        case transports::RelaySettings::Kind::submission:
            return 587;
        case transports::RelaySettings::Kind::submissions:
            return 465;
    }
    return 25;
}

delivery::TlsMode tls_of(const transports::RelaySettings& relay) {
    if (relay.kind == transports::RelaySettings::Kind::submissions)
        return delivery::TlsMode::implicit;
    switch (relay.tls) {
        case transports::RelayTls::none:
            return delivery::TlsMode::none;
        case transports::RelayTls::opportunistic:
            return delivery::TlsMode::opportunistic;
        case transports::RelayTls::verified:
        case transports::RelayTls::encrypted:
            return delivery::TlsMode::required;
    }
    return delivery::TlsMode::required;
}

SubmissionServer server_of(const transports::RelaySettings& relay, const std::string& host) {
    SubmissionServer server;
    server.host = host;
    server.port = port_of(relay);
    server.tls = tls_of(relay);
    server.tls_files = relay.tls_files;
    server.verify = relay.tls == transports::RelayTls::verified;
    server.token = relay.auth.token;
    if (relay.auth.username.empty()) return server;
    delivery::Login& login = server.login.emplace();
    login.credentials.username = relay.auth.username;
    login.credentials.password = relay.auth.password;
    login.credentials.host = host;
    login.credentials.port = server.port;
    login.mechanisms = relay.auth.mechanisms;
    login.trust_unverified = !server.verify;
    return server;
}

/// The servers to try, the best first. Without configuration: the one on this machine, in clear as
/// nothing leaves it.
std::vector<SubmissionServer> servers_of(
    const server::SendmailSettings& settings, const LocalUser& user
) {
    std::vector<SubmissionServer> servers;
    if (!settings.socket.empty()) servers.emplace_back().socket = settings.socket;
    if (settings.server) {
        for (const std::string& host : settings.server->hosts)
            servers.push_back(server_of(*settings.server, host));
    }
    if (servers.empty()) servers.emplace_back().host = "127.0.0.1";
    const std::string own_name = settings.server ? settings.server->smtp.ehlo_name : std::string();
    for (SubmissionServer& server : servers)
        server.ehlo_name = own_name.empty() ? user.hostname : own_name;
    return servers;
}

/// Keeps what could not be handed over, where only its owner can read it. Returns the path.
std::filesystem::path keep(const delivery::Message& message, const std::filesystem::path& spool) {
    std::filesystem::path directory = spool;
    if (access(directory.c_str(), W_OK) != 0) {
        const char* home = std::getenv("HOME");
        directory = std::filesystem::path(home != nullptr ? home : "/tmp") / ".outpost-unsent";
        std::filesystem::create_directories(directory);
    }
    const auto path = directory / (hex_encode(crypto::random_bytes(8)) + ".eml");
    const mode_t before = umask(077);
    std::ofstream file(path, std::ios::binary);
    file << message.content->header();
    for (const std::string& chunk : message.content->body())
        file << chunk;
    file.close();
    umask(before);
    if (!file) throw std::runtime_error("cannot write " + path.string());
    return path;
}

int report(
    const delivery::DeliveryJob& job, const delivery::DeliveryOutcome& outcome,
    const std::filesystem::path& spool
) {
    int code = ok;
    bool kept = false;
    for (std::size_t i = 0; i < outcome.verdicts.size(); ++i) {
        const Verdict& verdict = outcome.verdicts[i];
        if (verdict.kind() == Verdict::Kind::delivered) continue;
        std::cerr << "sendmail: " << job.recipients[i].address.unicode() << ": " << verdict.words()
                  << "\n";
        if (verdict.kind() == Verdict::Kind::deferred) {
            kept = true;
            code = temp_fail;
        } else if (code == ok) {
            const auto status = verdict.status();
            code = status.subject == 1   ? no_user
                   : status.subject == 7 ? no_permission
                                         : unavailable;
        }
    }
    if (kept)
        std::cerr << "sendmail: the message is kept in " << keep(*job.message, spool).string()
                  << "\n";
    return code;
}

delivery::DeliveryOutcome hand_over(
    const std::vector<SubmissionServer>& servers, const delivery::DeliveryJob& job
) {
    delivery::DeliveryOutcome outcome;
    for (const SubmissionServer& server : servers) {
        outcome = submit(server, job);
        if (!outcome.unreachable) break;
    }
    return outcome;
}

int run(const SendmailOptions& options) {
    const LocalUser user = local_user();
    server::SendmailSettings settings;
    const std::filesystem::path file = sendmail_config(options.config);
    if (!file.empty()) {
        const auto loaded = load_or_complain(file);
        if (!loaded) return config_error;
        settings = loaded->settings.sendmail;
    }
    const std::vector<SubmissionServer> servers = servers_of(settings, user);
    if (options.smtp_on_stdio) return smtp_on_stdio(servers) ? ok : temp_fail;
    const std::string input(std::istreambuf_iterator<char>(std::cin), {});
    const auto job = make_submission(input, options, user, WallClock::now());
    if (!job) {
        std::cerr << "sendmail: " << job.error() << "\n";
        return data_error;
    }
    return report(*job, hand_over(servers, *job), settings.spool);
}

}  // namespace

int sendmail(const std::vector<std::string>& arguments) {
    const auto options = parse_sendmail_options(arguments);
    if (!options) {
        std::cerr << "sendmail: " << options.error() << "\n";
        return usage;
    }
    try {
        return run(*options);
    } catch (const std::exception& error) {
        std::cerr << "sendmail: " << error.what() << "\n";
        return os_error;
    }
}

}  // namespace outpost::cli
