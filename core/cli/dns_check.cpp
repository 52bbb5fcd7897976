// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <iostream>
#include <map>

#include "core/cli/commands.hpp"
#include "core/cli/published.hpp"
#include "core/foundation/base/log.hpp"
#include "core/server/node/dns_check.hpp"

namespace outpost::cli {
namespace {

using domain_check::Finding;
using domain_check::Findings;
using domain_check::Grade;
using nlohmann::json;

std::string_view text(const std::optional<dns::Security>& security) {
    return security ? dns::text(*security) : std::string_view();
}

json to_json(const Finding& finding) {
    json found = json::array();
    for (const auto& value : finding.about.found)
        found.push_back(log::printable(value));
    const auto security = text(finding.about.security);
    return {
        {"topic", domain_check::text(finding.about.topic)},
        {"name", log::printable(finding.about.name)},
        {"result", domain_check::text(finding.grade)},
        {"security", security.empty() ? json(nullptr) : json(security)},
        {"summary", log::printable(finding.summary)},
        {"found", std::move(found)},
        {"expected", finding.expected.empty() ? json(nullptr) : json(finding.expected)},
        {"advice", finding.advice.empty() ? json(nullptr) : json(finding.advice)}
    };
}

json to_json(const Published& published, const Findings& findings) {
    json out = {
        {"domain", published.domain},
        {"host", published.host.name},
        {"ok", domain_check::gravest(findings) < Grade::unknown},
        {"findings", json::array()}
    };
    for (const auto& finding : findings)
        out["findings"].push_back(to_json(finding));
    return out;
}

void print(const Finding& finding) {
    const auto security = text(finding.about.security);
    std::cout << fmt::format(
        "  {:8} {}{}: {}\n", domain_check::text(finding.grade), log::printable(finding.about.name),
        security.empty() ? "" : fmt::format(" ({})", security), log::printable(finding.summary)
    );
    const auto detail = [](std::string_view what, const std::string& value) {
        if (!value.empty())
            std::cout << fmt::format("{:11}{}: {}\n", "", what, log::printable(value));
    };
    if (finding.grade == Grade::ok) return;
    for (const auto& value : finding.about.found)
        detail("found", value);
    detail("expected", finding.expected);
    detail("to do", finding.advice);
}

/// Headed by their topics, with a count of each kind at the end.
void print(const Findings& findings) {
    std::map<Grade, int> counts;
    std::optional<domain_check::Topic> topic;
    for (const auto& finding : findings) {
        if (topic != finding.about.topic) {
            topic = finding.about.topic;
            std::cout << domain_check::text(*topic) << "\n";
        }
        print(finding);
        ++counts[finding.grade];
    }
    std::string summary;
    for (const auto& [grade, count] : counts)
        summary +=
            fmt::format("{}{} {}", summary.empty() ? "" : ", ", count, domain_check::text(grade));
    std::cout << summary << "\n";
}

ExitCode exit_code(const Findings& findings) {
    const auto gravest = domain_check::gravest(findings);
    if (gravest > Grade::unknown) return failed;
    return gravest == Grade::unknown ? temp_fail : ok;
}

}  // namespace

int dns_check(const server::Loaded& loaded, const CheckOptions& options) {
    const auto& settings = loaded.settings;
    const auto published = published_for("dns check", settings, options.domain);
    if (!published) return published.error();
    const domain_check::Question question{
        published->host, published->sender, server::known_addresses(settings), settings.dns.security
    };
    const auto findings =
        domain_check::check(question, server::check_tools(settings, options.connect));
    if (options.as_json)
        std::cout << to_json(*published, findings).dump() << "\n";
    else
        print(findings);
    return exit_code(findings);
}

}  // namespace outpost::cli
