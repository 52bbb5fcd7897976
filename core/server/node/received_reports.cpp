// SPDX-License-Identifier: Apache-2.0
#include "core/server/node/received_reports.hpp"

namespace outpost::server {

std::shared_ptr<const tls_report_receiving::ReportScope> report_scope(const Settings& settings) {
    auto scope = std::make_shared<tls_report_receiving::ReportScope>();
    const auto add_host = [&](const std::string& name) {
        if (const auto host = dns::Domain::parse(name)) scope->hosts.insert(host->ascii());
    };
    for (const auto& [name, domain] : settings.domains)
        scope->domains.insert(name);
    add_host(settings.hostname);
    for (const auto& [name, listener] : settings.listeners)
        if (listener.receive) add_host(listener.hostname);
    return scope;
}

std::set<mail::Address> report_addresses(const Settings& settings) {
    std::set<mail::Address> addresses;
    const auto add = [&](const mail::Address& address) {
        if (!address.is_null()) addresses.insert(address);
    };
    add(settings.tls_reports.host_address);
    for (const auto& [name, domain] : settings.domains)
        add(domain.tls_reports);
    return addresses;
}

}  // namespace outpost::server
