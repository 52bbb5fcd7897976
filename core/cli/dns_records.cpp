// SPDX-License-Identifier: Apache-2.0
#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <iostream>
#include <sstream>

#include "core/app/publication.hpp"
#include "core/base/log.hpp"
#include "core/cli/commands.hpp"
#include "core/dns/stub_resolver.hpp"
#include "core/dns/type_name.hpp"
#include "core/publication/check.hpp"
#include "core/publication/wanted.hpp"

namespace outpost::cli {
namespace {

using nlohmann::json;
using publication::Finding;
using publication::Records;

constexpr std::chrono::seconds look_up_time{30};

json to_json(
    const std::string& domain, const publication::Host& host,
    const std::optional<publication::Sender>& sender, const Records& records
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

/// What the records promise, as comments: a web server has to answer it.
void tell_policy(const publication::Sender& sender) {
    if (!sender.mta_sts) return;
    std::cout << "; https://mta-sts." << sender.domain << "/.well-known/mta-sts.txt answers:\n";
    std::istringstream lines(publication::policy_text(*sender.mta_sts));
    for (std::string line; std::getline(lines, line);) {
        if (line.ends_with('\r')) line.pop_back();
        std::cout << ";   " << line << "\n";
    }
}

/// What should be published of a domain, and what that follows from.
struct Published {
    std::string domain;
    publication::Host host;
    std::optional<publication::Sender> sender;  ///< none: the domain is only the host's name
    Records records;
};

/// Complains and gives the exit code when nothing can be said of the domain.
Result<Published, int> published_for(
    std::string_view command, const app::Settings& settings, const std::string& name
) {
    const auto complain = [&](const std::string& what, ExitCode code) {
        std::cerr << "outpost " << command << ": " << what << "\n";
        return Err<int>{code};
    };
    const auto domain = mail::Domain::parse(name);
    if (!domain) return complain("'" + name + "' is no domain: " + domain.error(), usage);
    auto host = app::published_host(settings);
    if (!host) return complain(host.error(), config_error);
    auto sender = app::published_sender(settings, domain->ascii());
    if (!sender && domain->ascii() != host->name) {
        return complain(
            domain->ascii() + " is neither one of the configured domains nor the host name", usage
        );
    }
    Records records =
        sender ? publication::all_records(*sender, *host) : publication::records_of(*host);
    return Published{domain->ascii(), std::move(*host), std::move(sender), std::move(records)};
}

std::vector<Finding> look_up(const app::Settings& settings, const Records& records) {
    asio::io_context loop;
    const auto resolver = dns::make_resolver(settings.dns);
    std::vector<Finding> findings;
    const auto look = [](Records wanted, dns::Resolver& from,
                         std::vector<Finding>& into) -> awaitable<void> {
        into = co_await publication::check(std::move(wanted), from, Deadline::in(look_up_time));
    };
    asio::co_spawn(loop, look(records, *resolver, findings), [](std::exception_ptr error) {
        if (error) std::rethrow_exception(error);
    });
    loop.run();
    return findings;
}

bool is_ok(const Finding& finding) {
    return finding.kind == Finding::Kind::ok;
}

json to_json(const Published& published, const std::vector<Finding>& findings, bool good) {
    json out = {
        {"domain", published.domain},
        {"host", published.host.name},
        {"ok", good},
        {"findings", json::array()}
    };
    for (const auto& finding : findings) {
        json found = json::array();
        for (const auto& value : finding.found)
            found.push_back(log::printable(value));
        out["findings"].push_back(
            {{"name", finding.expected.name},
             {"type", dns::text(finding.expected.type)},
             {"expected", finding.expected.value},
             {"reason", finding.expected.reason},
             {"result", publication::text(finding.kind)},
             {"found", std::move(found)},
             {"security", dns::text(finding.security)},
             {"problem", log::printable(finding.problem)}}
        );
    }
    return out;
}

void print(const Finding& finding) {
    const auto& expected = finding.expected;
    std::cout << fmt::format(
        "{:8} {} {} ({})\n", publication::text(finding.kind), expected.name,
        dns::text(expected.type), dns::text(finding.security)
    );
    if (is_ok(finding)) return;
    std::cout << fmt::format(
        "         {}\n         expected: {}\n         {}\n", log::printable(finding.problem),
        expected.value, expected.reason
    );
}

}  // namespace

int dns_records(const app::Loaded& loaded, const RecordsOptions& options) {
    const auto published = published_for("dns records", loaded.settings, options.domain);
    if (!published) return published.error();
    const auto& [domain, host, sender, records] = *published;
    if (options.as_json)
        std::cout << to_json(domain, host, sender, records).dump() << "\n";
    else
        std::cout
            << (options.as_table ? publication::table_text(records)
                                 : publication::zone_text(records));
    if (sender && !options.as_json) tell_policy(*sender);
    note_unknown(host);
    return ok;
}

int dns_check(const app::Loaded& loaded, const RecordsOptions& options) {
    const auto published = published_for("dns check", loaded.settings, options.domain);
    if (!published) return published.error();
    const auto findings = look_up(loaded.settings, published->records);
    const bool good = std::all_of(findings.begin(), findings.end(), is_ok);
    if (options.as_json)
        std::cout << to_json(*published, findings, good).dump() << "\n";
    else
        for (const auto& finding : findings)
            print(finding);
    return good ? ok : failed;
}

}  // namespace outpost::cli
