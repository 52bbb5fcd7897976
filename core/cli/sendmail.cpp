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

/// The servers to try, the best first. Without configuration: the one on this machine, in clear as
/// nothing leaves it.
std::vector<SubmissionServer> servers_of(
    const server::SendmailSettings& settings, const LocalUser& user
) {
    std::vector<SubmissionServer> servers;
    if (!settings.socket.empty()) servers.emplace_back().socket = settings.socket;
    std::string own_name = user.hostname;
    if (settings.server) {
        for (SubmissionServer& server : settings.server->config->servers()) {
            if (!server.ehlo_name.empty()) own_name = server.ehlo_name;
            servers.push_back(std::move(server));
        }
    }
    if (servers.empty()) servers.emplace_back().host = "127.0.0.1";
    for (SubmissionServer& server : servers)
        server.ehlo_name = own_name;
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
    file << message.body.held()->header();
    for (const std::string& chunk : message.body.held()->body())
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
