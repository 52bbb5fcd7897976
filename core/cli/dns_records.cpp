// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>

#include <iostream>
#include <sstream>

#include "core/cli/commands.hpp"
#include "core/cli/published.hpp"
#include "core/domains/records/wanted.hpp"
#include "core/net/dns/type_name.hpp"

namespace outpost::cli {
namespace {

using domain_records::Records;
using nlohmann::json;

json to_json(
    const std::string& domain, const domain_records::Host& host,
    const std::optional<domain_records::Sender>& sender, const Records& records
) {
    json out = {{"domain", domain}, {"host", host.name}, {"records", json::array()}};
    for (const auto& record : records) {
        out["records"].push_back(
            {{"name", record.name},
             {"type", dns::text(record.type)},
             {"value", record.value},
             {"reason", record.reason}}
        );
    }
    const bool has_policy = sender && sender->mta_sts;
    out["mta_sts_policy"] =
        has_policy ? json(domain_records::policy_text(*sender->mta_sts)) : json(nullptr);
    return out;
}

/// What the records leave out because the configuration does not say it.
void note_unknown(const domain_records::Host& host) {
    if (!host.ehlo.front().addresses.empty()) return;
    std::cerr << "outpost dns records: outgoing_addresses are not configured, so SPF allows those "
                 "that "
              << host.name << " has, and its A, AAAA and PTR records are not shown\n";
}

/// What the records promise, as comments: a web server has to answer it.
void tell_policy(const domain_records::Sender& sender) {
    if (!sender.mta_sts) return;
    std::cout << "; https://mta-sts." << sender.domain << "/.well-known/mta-sts.txt answers:\n";
    std::istringstream lines(domain_records::policy_text(*sender.mta_sts));
    for (std::string line; std::getline(lines, line);) {
        if (line.ends_with('\r')) line.pop_back();
        std::cout << ";   " << line << "\n";
    }
}

}  // namespace

int dns_records(const server::Loaded& loaded, const RecordsOptions& options) {
    const auto published = published_for("dns records", loaded.settings, options.domain);
    if (!published) return published.error();
    const auto& [domain, host, sender, records] = *published;
    if (options.as_json)
        std::cout << to_json(domain, host, sender, records).dump() << "\n";
    else
        std::cout
            << (options.as_table ? domain_records::table_text(records)
                                 : domain_records::zone_text(records));
    if (sender && !options.as_json) tell_policy(*sender);
    note_unknown(host);
    return ok;
}

}  // namespace outpost::cli
