// SPDX-License-Identifier: Apache-2.0
#include "core/cli/published.hpp"

#include <iostream>
#include <utility>

#include "core/cli/exit_codes.hpp"
#include "core/domains/records/wanted.hpp"
#include "core/net/dns/domain.hpp"
#include "core/server/settings/publication.hpp"

namespace outpost::cli {

Result<Published, int> published_for(
    std::string_view command, const server::Settings& settings, const std::string& name
) {
    const auto complain = [&](const std::string& what, ExitCode code) {
        std::cerr << "outpost " << command << ": " << what << "\n";
        return Err<int>{code};
    };
    const auto domain = dns::Domain::parse(name);
    if (!domain) return complain("'" + name + "' is no domain: " + domain.error(), usage);
    auto host = server::published_host(settings);
    if (!host) return complain(host.error(), config_error);
    auto sender = server::published_sender(settings, domain->ascii());
    if (!sender && domain->ascii() != host->name) {
        return complain(
            domain->ascii() + " is neither one of the configured domains nor the host name", usage
        );
    }
    domain_records::Records records =
        sender ? domain_records::all_records(*sender, *host) : domain_records::records_of(*host);
    return Published{domain->ascii(), std::move(*host), std::move(sender), std::move(records)};
}

}  // namespace outpost::cli
