// SPDX-License-Identifier: Apache-2.0
#include "core/delivery/next_hop/next_hop.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <utility>

namespace outpost::delivery {
namespace {

constexpr smtp::EnhancedStatus bad_destination{5, 1, 2}, null_mx{5, 1, 10};
constexpr smtp::EnhancedStatus directory_failure{4, 4, 3}, no_route{4, 4, 4};

Verdict permanent(smtp::EnhancedStatus status, std::string reason) {
    return Verdict::failed(Stage::resolve, ErrorKind::dns, status, std::move(reason));
}

Verdict temporary(smtp::EnhancedStatus status, std::string reason) {
    return Verdict::deferred(Stage::resolve, ErrorKind::dns, status, std::move(reason));
}

Err<NoNextHop> none(Verdict verdict) {
    return {NoNextHop{std::move(verdict), std::nullopt}};
}

Err<NoNextHop> dns_trouble(
    std::string_view what, const std::string& name, const dns::Failure& failure
) {
    auto verdict = temporary(
        directory_failure,
        fmt::format("the DNS could not tell the {} of {}: {}", what, name, failure.text)
    );
    return {NoNextHop{std::move(verdict), failure}};
}

std::size_t random_below(std::size_t limit) {
    thread_local std::minstd_rand generator{std::random_device{}()};
    return std::uniform_int_distribution<std::size_t>(0, limit - 1)(generator);
}

void shuffle(std::vector<MxHost>& hosts, const NextHopOptions& options) {
    for (std::size_t i = hosts.size(); i > 1; --i) {
        std::swap(hosts[i - 1], hosts[options.dice ? options.dice(i) : random_below(i)]);
    }
}

bool is_null_mx(const std::vector<dns::Record>& records) {
    return records.size() == 1 && records.front().text.empty();
}

MxHost host_of(const dns::Answer& answer, std::string name, std::uint16_t preference) {
    MxHost host;
    host.name = std::move(name);
    host.preference = preference;
    host.secure = answer.security == dns::Security::secure;
    host.expanded = host.name;
    host.mail_domain = answer.canonical_name;
    return host;
}

/// The records that name a host. An IP address is none (RFC 5321 section 5.1), nor is the root.
std::vector<MxHost> usable_hosts(const dns::Answer& answer) {
    std::vector<MxHost> hosts;
    std::set<std::pair<std::uint16_t, std::string>> seen;
    for (const dns::Record& record : answer.records) {
        const auto name = dns::Domain::parse(record.text);
        if (!name || !seen.emplace(record.preference, name->ascii()).second) continue;
        hosts.push_back(host_of(answer, name->ascii(), record.preference));
    }
    return hosts;
}

/// By preference, equals in random order, each host once, no more than allowed.
void arrange(std::vector<MxHost>& hosts, const NextHopOptions& options) {
    shuffle(hosts, options);
    std::multimap<std::uint16_t, MxHost> by_preference;  // keeps the order of equals
    for (MxHost& host : hosts)
        by_preference.emplace(host.preference, std::move(host));
    hosts.clear();
    std::set<std::string> seen;
    for (auto& [preference, host] : by_preference) {
        if (hosts.size() < options.most_hosts && seen.insert(host.name).second)
            hosts.push_back(std::move(host));
    }
}

bool can_be_a_server(const net::IpAddress& address) {
    const bool broadcast = address.is_v4() && address.to_v4() == asio::ip::address_v4::broadcast();
    return !address.is_unspecified() && !address.is_multicast() && !broadcast;
}

std::vector<net::IpAddress> addresses_in(const std::vector<dns::Record>& records) {
    std::vector<net::IpAddress> out;
    for (const dns::Record& record : records) {
        asio::error_code error;
        const auto address = asio::ip::make_address(record.text, error);
        if (!error && can_be_a_server(net::without_mapping(address))) out.push_back(address);
    }
    return out;
}

}  // namespace

Result<NextHops, NoNextHop> read_mx_answer(
    const dns::Domain& domain, const dns::Answer& answer, const NextHopOptions& options
) {
    const auto never = [](smtp::EnhancedStatus status, std::string reason) {
        return none(permanent(status, std::move(reason)));
    };
    if (answer.nxdomain)
        return never(bad_destination, "the domain " + domain.ascii() + " does not exist");
    if (is_null_mx(answer.records)) {
        return never(
            null_mx, "the domain " + domain.ascii() + " accepts no mail (null MX, RFC 7505; 556)"
        );
    }
    NextHops hops;
    hops.expanded_domain = answer.canonical_name;
    hops.security = answer.security;
    hops.hosts = usable_hosts(answer);
    if (answer.records.empty()) {
        hops.implicit_mx = true;
        const auto host = dns::Domain::parse(answer.canonical_name);
        if (!host)
            return never(bad_destination, domain.ascii() + " is an alias of what is no host name");
        hops.hosts.push_back(host_of(answer, host->ascii(), 0));
        hops.hosts.back().implicit = true;
    }
    arrange(hops.hosts, options);
    if (hops.hosts.empty())
        return never(bad_destination, "no MX record of " + domain.ascii() + " names a host");
    return hops;
}

awaitable<Result<NextHops, NoNextHop>> find_hosts(
    dns::Resolver& resolver, const dns::Domain& domain, const NextHopOptions& options,
    Deadline deadline
) {
    dns::Question question{domain.ascii(), dns::Type::mx};
    const auto answer = co_await resolver.query(std::move(question), deadline);
    if (!answer) co_return dns_trouble("mail servers", domain.ascii(), answer.error());
    co_return read_mx_answer(domain, *answer, options);
}

std::vector<net::IpAddress> order_addresses(
    const std::vector<dns::Record>& v4, const std::vector<dns::Record>& v6,
    const NextHopOptions& options
) {
    const auto first = addresses_in(options.ipv6_first ? v6 : v4);
    const auto second = addresses_in(options.ipv6_first ? v4 : v6);
    std::vector<net::IpAddress> out;
    // Alternating, so that the limit cannot cut off the family that works.
    for (std::size_t i = 0; i < std::max(first.size(), second.size()); ++i) {
        if (i < first.size()) out.push_back(first[i]);
        if (i < second.size()) out.push_back(second[i]);
    }
    if (out.size() > options.most_addresses) out.resize(options.most_addresses);
    return out;
}

namespace {

/// The verdict on a host of which no answer holds a usable address.
Verdict without_address(const std::string& host, bool implicit_mx, const NextHopOptions& options) {
    if (!implicit_mx)
        return temporary(no_route, "the mail server " + host + " has no usable address");
    // With one family switched off, the other might have led somewhere: not for us to say "never".
    if (!options.ipv4 || !options.ipv6) {
        return temporary(no_route, "the domain " + host + " has no address of the family in use");
    }
    return permanent(bad_destination, "the domain " + host + " has neither MX record nor address");
}

}  // namespace

awaitable<Result<HostAddresses, NoNextHop>> find_addresses(
    dns::Resolver& resolver, const std::string& host, bool implicit_mx,
    const NextHopOptions& options, Deadline deadline
) {
    std::vector<dns::Record> found[2];
    std::optional<dns::Failure> failure;
    HostAddresses result{{}, true, host};
    const std::pair<bool, dns::Type> families[] = {
        {options.ipv4, dns::Type::a}, {options.ipv6, dns::Type::aaaa}
    };
    for (std::size_t i = 0; i < 2; ++i) {
        if (!families[i].first) continue;
        dns::Question question{host, families[i].second};
        auto answer = co_await resolver.query(std::move(question), deadline);
        if (answer) {
            found[i] = std::move(answer->records);
            result.secure = result.secure && answer->security == dns::Security::secure;
            if (!answer->canonical_name.empty()) result.expanded = answer->canonical_name;
        } else if (!failure || !failure->is_dnssec()) {
            failure = answer.error();
        }
    }
    result.addresses = order_addresses(found[0], found[1], options);
    if (failure && (result.addresses.empty() || failure->is_dnssec()))
        co_return dns_trouble("address", host, *failure);
    if (result.addresses.empty()) co_return none(without_address(host, implicit_mx, options));
    co_return result;
}

Result<net::IpAddress, Verdict> literal_address(
    const std::string& literal, const NextHopOptions& options
) {
    asio::error_code error;
    const auto address = asio::ip::make_address(literal, error);
    if (error || !can_be_a_server(net::without_mapping(address))) {
        return Err{permanent(bad_destination, "no mail server can have the address " + literal)};
    }
    const bool usable = address.is_v4() ? options.ipv4 : options.ipv6;
    if (!usable)
        return Err{temporary(no_route, "the address family of " + literal + " is not in use here")};
    return address;
}

}  // namespace outpost::delivery
