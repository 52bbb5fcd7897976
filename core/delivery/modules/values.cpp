// SPDX-License-Identifier: Apache-2.0
// Names and addresses.
#include <fmt/format.h>

#include <charconv>

#include "core/delivery/modules/values.hpp"

namespace outpost::delivery::values {
namespace {

Result<std::string> parse_host(std::string_view text) {
    auto domain = dns::Domain::parse(text);
    if (!domain) return Err{domain.error()};
    return domain->ascii();
}

Result<net::IpAddress> parse_ip(std::string_view text) {
    std::error_code error;
    const auto address = asio::ip::make_address(std::string(text), error);
    if (error) return Err{std::string("write 192.0.2.1 or 2001:db8::1")};
    return address;
}

Result<std::string> parse_host_or_address(std::string_view text) {
    if (const auto address = parse_ip(text)) return address->to_string();
    return parse_host(text);
}

Result<delivery::Rate> parse_rate(std::string_view text) {
    const auto how =
        Err{std::string("write a number of messages and an interval: 100/1m, 5000/1h")};
    const auto slash = text.find('/');
    if (slash == text.npos) return how;
    std::uint32_t messages = 0;
    const auto* const end = text.data() + slash;
    const auto [read_to, error] = std::from_chars(text.data(), end, messages);
    if (error != std::errc() || read_to != end || messages == 0 || messages > 1'000'000'000)
        return how;
    std::string interval(text.substr(slash + 1));
    // "100/m" is a minute, too.
    if (!interval.empty() && interval.front() >= 'a') interval.insert(0, "1");
    const auto span = config::parse_duration(interval);
    if (!span) return Err{"of the interval: " + span.error()};
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(*span);
    if (seconds != *span || seconds < std::chrono::seconds(1) || seconds > std::chrono::hours(168))
        return Err{std::string("the interval is whole seconds, from 1s to 7d")};
    return delivery::Rate{messages, seconds};
}

std::string format_rate(const delivery::Rate& rate) {
    if (!rate.is_set()) return {};
    return fmt::format("{}/{}", rate.messages, config::format_duration(rate.per));
}

std::string unchanged(const std::string& text) {
    return text;
}

}  // namespace

config::Type<dns::Domain> domain_name() {
    return config::parsed<dns::Domain>(
        "a domain name", dns::Domain::parse,
        [](const dns::Domain& domain) { return domain.unicode(); }
    );
}

config::Type<std::string> host_name() {
    return config::parsed<std::string>("a host name", parse_host, unchanged);
}

config::Type<std::string> host_or_address() {
    return config::parsed<std::string>(
        "a host name or IP address", parse_host_or_address, unchanged
    );
}

config::Type<net::IpAddress> ip_address() {
    return config::parsed<net::IpAddress>(
        "an IP address", parse_ip, [](const net::IpAddress& address) { return address.to_string(); }
    );
}

config::Type<net::Cidr> network() {
    return config::parsed<net::Cidr>(
        "a network (CIDR)", net::Cidr::parse,
        [](const net::Cidr& network) { return network.text(); }
    );
}

config::Type<net::Endpoint> endpoint(std::uint16_t default_port) {
    const auto parse = [default_port](std::string_view text) {
        return net::Endpoint::parse(text, default_port);
    };
    return config::parsed<net::Endpoint>(
        "an IP address with a port", parse,
        [](const net::Endpoint& endpoint) {
            return endpoint == net::Endpoint{} ? std::string() : endpoint.text();
        }
    );
}

config::KeyRule domain_names() {
    return [](std::string_view key) -> Result<std::string> {
        const auto domain = dns::Domain::parse(key);
        if (!domain) return Err{"is not a domain name: " + domain.error()};
        return domain->ascii();
    };
}

namespace {

using PolicyModeWords = std::vector<config::Word<PolicyMode>>;

PolicyModeWords policy_mode_words() {
    return {
        {"enforce", PolicyMode::enforce, "what it asks for must be reached"},
        {"report", PolicyMode::watch, "what would have failed is recorded, and nothing is stopped"},
        {"off", PolicyMode::off, "it is not asked"}
    };
}

}  // namespace

config::Type<delivery::PolicyMode> policy_mode() {
    return config::one_of<PolicyMode>(policy_mode_words());
}

config::Type<PolicyMode> policy_mode_or_require(const std::string& doc) {
    PolicyModeWords modes = policy_mode_words();
    modes.push_back({"require", PolicyMode::require, doc});
    return config::one_of<PolicyMode>(std::move(modes));
}

config::Type<delivery::Rate> rate() {
    return config::parsed<delivery::Rate>(
        "a rate", parse_rate, format_rate, "^[0-9]+/([smhdw]|[0-9]+|([0-9]+(ms|s|m|h|d|w))+)$"
    );
}

config::Type<std::uint16_t> port(std::uint16_t standard) {
    return config::stored_as<std::uint16_t, std::uint16_t>(
        config::integer<std::uint16_t>(1, 65535),
        [](std::uint16_t& port, const std::uint16_t& written) { port = written; },
        [standard](const std::uint16_t& port) { return port == 0 ? standard : port; }
    );
}

config::Type<mail::Address> address() {
    return config::parsed<mail::Address>(
        "a mail address", mail::Address::parse,
        [](const mail::Address& address) { return address.unicode(); }
    );
}

config::Type<tls::ClientSettings> tls_files() {
    using tls::ClientSettings;
    const auto file = config::path(config::PathRule::readable_file);
    return config::Spec<ClientSettings>("tls_files", "Certificates for connections that we open.")
        .key(
            "ca_files", &ClientSettings::ca_files, config::list_of(file),
            "Trusted roots (PEM). Without them: those of the system."
        )
        .key(
            "add_to_system", &ClientSettings::ca_files_add_to_system, config::boolean(),
            "Trust the system's roots as well as `ca_files`."
        )
        .key(
            "certificate", &ClientSettings::certificate, file,
            "Client certificate with its chain (PEM)."
        )
        .key("key", &ClientSettings::key, file, "Its private key (PEM).")
        .check([](config::Reader& reader, const config::Node& node, const ClientSettings& files) {
            if (files.certificate.empty() == files.key.empty()) return;
            reader.error(node.at, "certificate and key belong together, one of them is missing");
        })
        .type();
}

}  // namespace outpost::delivery::values
