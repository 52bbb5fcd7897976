// SPDX-License-Identifier: Apache-2.0
#include "core/server/settings/cross_checks.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/foundation/config/scalars.hpp"
#include "core/foundation/config/suggest.hpp"
#include "core/server/settings/plugin_transport.hpp"

namespace outpost::server {
namespace {

using config::Path;
using route::Route;

template <class T>
std::vector<std::string> names_of(const std::map<std::string, T>& map) {
    std::vector<std::string> names;
    for (const auto& [name, value] : map)
        names.push_back(name);
    return names;
}

Path joined(Path path, std::initializer_list<config::Step> more) {
    path.insert(path.end(), more);
    return path;
}

void check_names(
    const Route& route, const Path& place, const Settings& settings, Findings& findings
) {
    for (std::size_t i = 0; i < route.transports.size(); ++i) {
        const std::string& name = route.transports[i];
        if (name.empty() || settings.transports.contains(name)) continue;
        findings.error(
            joined(place, {"transport", i}), "no transport is called " + config::in_quotes(name),
            config::did_you_mean(name, names_of(settings.transports))
        );
    }
    for (std::size_t i = 0; i < route.accounts.size(); ++i) {
        const std::string& name = route.accounts[i];
        if (name.empty() || settings.accounts.contains(name)) continue;
        findings.warning(
            joined(place, {"account", i}), "no account is called " + config::in_quotes(name),
            config::did_you_mean(name, names_of(settings.accounts))
        );
    }
}

void check_shadow(
    const std::vector<Route>& routes, std::size_t index, const Path& place, Findings& findings
) {
    for (std::size_t above = 0; above < index; ++above) {
        if (!covers(routes[above], routes[index])) continue;
        const std::string name =
            routes[above].name.empty() ? "" : " " + config::in_quotes(routes[above].name);
        findings.warning(
            place, fmt::format(
                       "can never match: route {}{} above it matches everything that it matches",
                       above + 1, name
                   )
        );
        return;
    }
}

void check_routes(
    const std::vector<Route>& routes, const Path& list, const Settings& settings, Findings& findings
) {
    for (std::size_t i = 0; i < routes.size(); ++i) {
        const Path place = joined(list, {i});
        check_names(routes[i], place, settings, findings);
        check_shadow(routes, i, place, findings);
    }
}

bool overlap(const net::IpAddress& a, const net::IpAddress& b) {
    if (a.is_v4() != b.is_v4()) return false;
    return a == b || a.is_unspecified() || b.is_unspecified();
}

bool clash(const submission::ListenerSettings& a, const submission::ListenerSettings& b) {
    if (!a.socket.empty()) return a.socket == b.socket;
    return a.port == b.port &&
           std::any_of(a.addresses.begin(), a.addresses.end(), [&](const auto& one) {
               return std::any_of(b.addresses.begin(), b.addresses.end(), [&](const auto& other) {
                   return overlap(one, other);
               });
           });
}

void check_ports(const Settings& settings, Findings& findings) {
    const auto& listeners = settings.listeners;
    for (auto one = listeners.begin(); one != listeners.end(); ++one) {
        for (auto other = listeners.begin(); other != one; ++other) {
            if (!clash(one->second, other->second)) continue;
            if (!one->second.socket.empty()) {
                findings.error(
                    {"listeners", one->first, "socket"},
                    "listener " + config::in_quotes(other->first) + " has the same socket"
                );
                continue;
            }
            findings.error(
                {"listeners", one->first, "port"},
                fmt::format(
                    "listener {} has the same address and port {}", config::in_quotes(other->first),
                    one->second.port
                )
            );
        }
        if (!settings.sink || settings.sink->listen.port != one->second.port) continue;
        for (const auto& address : one->second.addresses) {
            if (!overlap(address, settings.sink->listen.address)) continue;
            findings.error(
                {"listeners", one->first, "port"}, "the sink has the same address and port"
            );
            break;
        }
    }
}

bool receives_anything(const Settings& settings) {
    return settings.bounces || !settings.tls_reports.host_address.is_null() ||
           std::any_of(settings.domains.begin(), settings.domains.end(), [](const auto& domain) {
               return !domain.second.tls_reports.is_null();
           });
}

/// Without a listener that takes them, nobody would ever hear of them.
void check_bounces(const Settings& settings, Findings& findings) {
    if (!settings.bounces) return;
    const auto& listeners = settings.listeners;
    const bool received = std::any_of(listeners.begin(), listeners.end(), [](const auto& listener) {
        return listener.second.receive;
    });
    if (received) return;
    findings.warning(
        {"bounces"}, "this node has no listener that takes bounces; has another node?",
        "set 'receive: true' of a listener on port 25"
    );
}

void check_listeners(const Settings& settings, Findings& findings) {
    for (const auto& [name, listener] : settings.listeners) {
        if (listener.auth == submission::AuthMode::required && settings.accounts.empty()) {
            findings.warning(
                {"listeners", name},
                "authentication is required and there are no accounts: nobody can log in"
            );
        }
        if (listener.receive && !receives_anything(settings)) {
            findings.warning(
                {"listeners", name, "receive"},
                "there is no address that mail could be received for: all of it is refused",
                "set 'bounces', 'tls_reports.host_address', or 'tls_reports' of a domain"
            );
        }
        if (listener.largest_message() > settings.limits.content_memory / 16 * 7) {
            findings.warning(
                {"listeners", name, "max_message_size"},
                "is more than 7/16 of limits.content_memory: a message of this size is never let in"
            );
        }
        if (!listener.account.empty() && !settings.accounts.contains(listener.account)) {
            findings.error(
                {"listeners", name, "account"},
                "no account is called " + config::in_quotes(listener.account),
                config::did_you_mean(listener.account, names_of(settings.accounts))
            );
        }
    }
}

void check_logins(const Settings& settings, Findings& findings) {
    std::map<std::string, std::string> owners;
    for (const auto& [name, account] : settings.accounts)
        owners.emplace(name, name);
    for (const auto& [name, account] : settings.accounts) {
        for (std::size_t i = 0; i < account.submission.logins.size(); ++i) {
            const auto [owner, fresh] = owners.emplace(account.submission.logins[i], name);
            if (fresh) continue;
            findings.error(
                {"accounts", name, "logins", i},
                fmt::format(
                    "the login {} already belongs to account {}",
                    config::in_quotes(account.submission.logins[i]),
                    config::in_quotes(owner->second)
                )
            );
        }
    }
}

void check_plugins(const Settings& settings, Findings& findings) {
    if (!settings.plugins.empty()) return;
    for (const auto& [name, transport] : settings.transports) {
        if (!transport.as<PluginSettings>()) continue;
        findings.error(
            {"transports", name}, "no plugin is loaded that could bring this transport",
            "add it to 'plugins'"
        );
    }
}

void check_signatures(const Settings& settings, Findings& findings) {
    using namespace std::chrono_literals;
    const auto under_way = settings.retry.give_up_after;
    for (const auto& [name, domain] : settings.domains) {
        if (!domain.dkim) continue;
        const auto lasting = domain.dkim->expires_after;
        if (lasting == 0s || lasting > under_way) continue;
        findings.warning(
            {"domains", name, "dkim", "expires_after"},
            fmt::format(
                "mail is tried for {} (retry.give_up_after): what arrives late has a signature "
                "that counts no more",
                config::format_duration(under_way)
            )
        );
    }
}

/// RFC 8460 section 3: reports are signed by the domain that submits them.
void check_submitter(const Settings& settings, Findings& findings) {
    const dns::Domain& submitter = settings.tls_reports.submitter;
    if (submitter.empty()) return;
    const auto domain = settings.domains.find(submitter.ascii());
    if (domain != settings.domains.end() && domain->second.dkim) return;
    findings.error(
        {"tls_reports", "submitter"}, submitter.ascii() + " does not sign by DKIM",
        "give it keys: domains." + submitter.ascii() + ".dkim"
    );
}

}  // namespace

void Findings::error(const Path& path, std::string message, std::string hint) {
    add(config::Severity::error, path, std::move(message), std::move(hint));
}
void Findings::warning(const Path& path, std::string message, std::string hint) {
    add(config::Severity::warning, path, std::move(message), std::move(hint));
}
void Findings::add(
    config::Severity severity, const Path& path, std::string message, std::string hint
) {
    problems_.add(source_.problem(
        severity, config::find_position(root_, path), config::text(path), std::move(message),
        std::move(hint)
    ));
}

void cross_check(const Settings& settings, Findings& findings) {
    check_routes(settings.routes, {"routes"}, settings, findings);
    for (const auto& [name, account] : settings.accounts) {
        check_routes(account.routes, {"accounts", name, "routes"}, settings, findings);
    }
    for (const auto& [name, domain] : settings.domains) {
        check_routes(domain.routes, {"domains", name, "routes"}, settings, findings);
    }
    check_submitter(settings, findings);
    check_ports(settings, findings);
    check_listeners(settings, findings);
    check_bounces(settings, findings);
    check_logins(settings, findings);
    check_plugins(settings, findings);
    check_signatures(settings, findings);
}

}  // namespace outpost::server
