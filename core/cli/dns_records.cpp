// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>

#include <iostream>

#include "core/app/publication.hpp"
#include "core/cli/commands.hpp"
#include "core/publication/wanted.hpp"

namespace outpost::cli {
namespace {

using nlohmann::json;
using publication::Records;

json to_json(
    const std::string& domain, const publication::Host& host,
    const std::optional<publication::Sender>& sender, const Records& records
) {
    json out = {{"domain", domain}, {"host", host.name}, {"records", json::array()}};
    for (const auto& record : records) {
        out["records"].push_back(
            {{"name", record.name},
             {"type", publication::name_of(record.type)},
             {"value", record.value},
             {"reason", record.reason}}
        );
    }
    const bool has_policy = sender && sender->mta_sts;
    out["mta_sts_policy"] =
        has_policy ? json(publication::policy_text(*sender->mta_sts)) : json(nullptr);
    return out;
}

/// What the records leave out because the configuration does not say it.
void note_unknown(const publication::Host& host) {
    if (!host.ehlo.front().addresses.empty()) return;
    std::cerr << "outpost dns records: outgoing_addresses are not configured, so SPF allows those "
                 "that "
              << host.name << " has, and its A, AAAA and PTR records are not shown\n";
}

}  // namespace

int dns_records(const app::Loaded& loaded, const RecordsOptions& options) {
    const auto complain = [](const std::string& what, ExitCode code) {
        std::cerr << "outpost dns records: " << what << "\n";
        return static_cast<int>(code);
    };
    const auto domain = mail::Domain::parse(options.domain);
    if (!domain) return complain("'" + options.domain + "' is no domain: " + domain.error(), usage);
    const auto host = app::published_host(loaded.settings);
    if (!host) return complain(host.error(), config_error);
    const auto sender = app::published_sender(loaded.settings, domain->ascii());
    if (!sender && domain->ascii() != host->name) {
        return complain(
            domain->ascii() + " is neither one of the configured domains nor the host name", usage
        );
    }
    const Records records =
        sender ? publication::all_records(*sender, *host) : publication::records_of(*host);
    if (options.as_json)
        std::cout << to_json(domain->ascii(), *host, sender, records).dump() << "\n";
    else
        std::cout
            << (options.as_table ? publication::table_text(records)
                                 : publication::zone_text(records));
    note_unknown(*host);
    return ok;
}

}  // namespace outpost::cli
