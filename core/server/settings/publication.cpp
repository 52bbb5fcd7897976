// SPDX-License-Identifier: Apache-2.0
#include "core/server/settings/publication.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <iterator>

#include "core/foundation/base/sequence.hpp"
#include "core/mail/authentication/dkim/key_record.hpp"
#include "core/net/http_client/public_address.hpp"
#include "core/net/tls/tlsa.hpp"

namespace outpost::server {
namespace {

using domain_records::EhloName;
using domain_records::Host;

/// As names in the DNS are compared.
std::string canonical(const std::string& name) {
    const auto domain = dns::Domain::parse(name);
    return domain ? domain->ascii() : name;
}

/// What mail leaves under to strangers: not what relays are told.
class EhloNames {
  public:
    EhloNames(std::string host, const std::vector<net::IpAddress>& addresses)
        : host_(std::move(host)) {
        EhloName& ehlo = of(host_);
        for (const auto& address : addresses)
            add_once(ehlo.addresses, address);
    }
    void add(const delivery::PublicSender& sender) {
        EhloName& ehlo = of(sender.ehlo_name.empty() ? host_ : canonical(sender.ehlo_name));
        for (const auto& source : sender.sources) {
            // Others are translated on the way: `outgoing_addresses` says to what.
            if (http_client::is_public(source) && !known(source)) ehlo.addresses.push_back(source);
        }
        for (const auto& address : sender.proxies)
            add_once(ehlo.proxies, address);
    }

    std::vector<EhloName> all() && { return std::move(names_); }

  private:
    EhloName& of(const std::string& name) {
        for (auto& known : names_) {
            if (known.name == name) return known;
        }
        return names_.emplace_back(EhloName{name, {}, {}});
    }
    bool known(const net::IpAddress& address) const {
        return std::any_of(names_.begin(), names_.end(), [&](const EhloName& ehlo) {
            return contains(ehlo.addresses, address);
        });
    }
    std::string host_;
    std::vector<EhloName> names_;
};

std::vector<EhloName> ehlo_names(const Settings& settings) {
    EhloNames names(canonical(settings.hostname), settings.outgoing_addresses);
    for (const auto& [name, transport] : settings.transports) {
        if (const auto sender = transport.config->public_sender()) names.add(*sender);
    }
    return std::move(names).all();
}

Result<tls::TlsaRecord> tlsa_of(const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    if (!in) return Err{fmt::format("cannot read {}", file.string())};
    const std::string pem(std::istreambuf_iterator<char>(in), {});
    auto record = tls::tlsa_of_private_key(pem);
    if (!record) return Err{fmt::format("{} {}", file.string(), record.error())};
    return record;
}

Result<std::vector<tls::TlsaRecord>> keys_of(const Settings& settings) {
    auto files = settings.host_keys;
    for (const auto& [name, listener] : settings.listeners) {
        if (listener.receive && !listener.certificate.key.empty())
            files.push_back(listener.certificate.key);
    }
    std::vector<tls::TlsaRecord> keys;
    for (const auto& file : files) {
        const auto record = tlsa_of(file);
        if (!record) return Err{record.error()};
        add_once(keys, *record);
    }
    return keys;
}

/// Return paths are shared by all domains: what may send for any of them may use them.
domain_records::Spf bounce_spf(const Settings& settings) {
    domain_records::Spf spf;
    spf.fail_others = !settings.domains.empty();
    for (const auto& [name, domain] : settings.domains) {
        for (const auto& mechanism : domain.spf.mechanisms)
            add_once(spf.mechanisms, mechanism);
        spf.fail_others = spf.fail_others && domain.spf.fail_others;
    }
    return spf;
}

std::map<std::string, domain_records::DkimKey> dkim_keys(const dkim::DomainSettings& settings) {
    const auto signing = settings.signing();
    std::map<std::string, domain_records::DkimKey> keys;
    for (const auto& [selector, key] : settings.keys) {
        if (!key) continue;
        const bool signs = std::find(signing.begin(), signing.end(), selector) != signing.end();
        keys[selector] = {dkim::key_record(*key), signs};
    }
    return keys;
}

std::vector<std::string> canonical(const std::vector<std::string>& names) {
    std::vector<std::string> all;
    for (const auto& name : names)
        all.push_back(canonical(name));
    return all;
}

}  // namespace

std::string receiving_name(const Settings& settings, const submission::ListenerSettings& listener) {
    return canonical(listener.hostname.empty() ? settings.hostname : listener.hostname);
}

std::vector<std::string> receiving_names(const Settings& settings) {
    std::vector<std::string> names;
    for (const auto& [name, listener] : settings.listeners) {
        if (listener.receive) add_once(names, receiving_name(settings, listener));
    }
    const auto host = canonical(settings.hostname);
    for (const auto& [name, domain] : settings.domains) {
        const bool is_mx = std::any_of(domain.mx.begin(), domain.mx.end(), [&](const auto& mx) {
            return canonical(mx) == host;
        });
        if (is_mx) add_once(names, host);
    }
    return names;
}

Result<domain_records::Host> published_host(const Settings& settings) {
    auto keys = keys_of(settings);
    if (!keys) return Err{keys.error()};
    Host host;
    host.name = canonical(settings.hostname);
    host.ehlo = ehlo_names(settings);
    host.receives = receiving_names(settings);
    host.keys = std::move(*keys);
    host.tls_reports = settings.tls_reports.host_address;
    if (settings.bounces) {
        host.bounce_domain = settings.bounces->domain.ascii();
        host.bounce_spf = bounce_spf(settings);
    }
    return host;
}

std::optional<domain_records::MtaStsPolicy> published_policy(
    const Settings& settings, const SenderDomain& domain
) {
    if (!domain.mta_sts) return std::nullopt;
    auto policy = *domain.mta_sts;
    if (policy.mx.empty()) policy.mx = canonical(domain.mx);
    if (policy.mx.empty()) policy.mx = receiving_names(settings);
    return policy;
}

std::optional<domain_records::Sender> published_sender(
    const Settings& settings, const std::string& name
) {
    const auto found = settings.domains.find(name);
    if (found == settings.domains.end()) return std::nullopt;
    const SenderDomain& domain = found->second;
    domain_records::Sender sender;
    sender.domain = name;
    sender.mx = canonical(domain.mx);
    sender.spf = domain.spf;
    sender.dmarc = domain.dmarc;
    if (domain.dkim) sender.dkim = dkim_keys(*domain.dkim);
    sender.mta_sts = published_policy(settings, domain);
    sender.tls_reports = domain.tls_reports;
    return sender;
}

}  // namespace outpost::server
