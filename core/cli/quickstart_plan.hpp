// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <chrono>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "core/cli/new_files.hpp"
#include "core/foundation/base/secret.hpp"
#include "core/net/dns/domain.hpp"
#include "core/net/sockets/endpoint.hpp"
#include "core/net/tls/host_key.hpp"
#include "core/server/settings/settings.hpp"

/// What `outpost quickstart` writes. Values in, files out; what is random is made before.
namespace outpost::cli {

/// What was asked for, and what machine and DNS have told.
struct QuickstartAnswers {
    dns::Domain domain;
    dns::Domain hostname;
    std::filesystem::path directory;
    std::string account = "app";  ///< letters, digits, dots, hyphens
    Secret database;              ///< connection string; empty: PostgreSQL on this machine
    std::vector<net::IpAddress> addresses;  ///< that mail leaves from; none: not known
    std::vector<std::string> mx;            ///< of the domain, as it is published now
    domain_records::Spf spf;                ///< what else may send, as it is published now
    authentication::DmarcPolicy dmarc = authentication::DmarcPolicy::none;
    bool mta_sts = false;  ///< serve a policy
    std::chrono::year_month_day today;

    /// Names on the certificate, the host's first.
    std::vector<std::string> certificate_names() const;
};

/// What nobody can foresee.
struct QuickstartSecrets {
    static QuickstartSecrets make();

    tls::HostKey ecdsa, rsa;
    Secret dkim_rsa, dkim_ed25519;  ///< PEM
    Secret password;                ///< of the account: 100 random bits
    Secret bounces;
};

/// Where things are, for those who tell of them.
struct QuickstartPaths {
    explicit QuickstartPaths(const QuickstartAnswers& answers);

    std::filesystem::path config, request, certificate;
};

/// The text that the configuration is made from: {{name}} stands for a value, {{?name}} at the
/// beginning of a line for "# " where there is none.
std::string_view quickstart_template();

/// The configuration and all that it names.
std::vector<NewFile> quickstart_files(
    const QuickstartAnswers& answers, const QuickstartSecrets& secrets
);

/// Whom the server runs as: root gives its files to a user of its own, others run it themselves.
struct ServerUser {
    std::string name = "outpost";
    bool exists = true;  ///< and has the files
};

/// The commands that come next, in order, each with its purpose. Has the password.
std::string quickstart_steps(
    const QuickstartAnswers& answers, const QuickstartSecrets& secrets, const ServerUser& user
);

}  // namespace outpost::cli
