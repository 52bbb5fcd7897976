// SPDX-License-Identifier: Apache-2.0
#include "transports/direct/kind.hpp"

#include "core/net/sockets/tcp_stream.hpp"
#include "transports/direct/direct.hpp"

namespace outpost::transports {
namespace {

using config::boolean;
using config::integer;
using config::list_of;
using config::Node;
using config::Reader;
using config::Spec;
using config::words;
using namespace delivery::values;

template <class T, class Access>
void add_direct_keys(Spec<T>& spec, Access direct) {
    spec.key(
            "ipv4", [direct](T& t) -> auto& { return direct(t).ipv4; }, boolean(),
            "Use IPv4 addresses."
    )
        .key(
            "ipv6", [direct](T& t) -> auto& { return direct(t).ipv6; }, boolean(),
            "Use IPv6 addresses."
        )
        .key(
            "port", [direct](T& t) -> auto& { return direct(t).port; },
            integer<std::uint16_t>(1, 65535), "Port of the MX hosts."
        );
}

void check_families(Reader& reader, const Node& node, const DirectSettings& direct) {
    if (direct.ipv4 || direct.ipv6) return;
    const Node* place = node.find("ipv6");
    reader.error(
        place ? place->at : node.at, "both address families are disabled",
        "nothing could be reached"
    );
}

config::Type<DirectSettings> direct_type() {
    const auto self = [](DirectSettings& settings) -> DirectSettings& { return settings; };
    const auto smtp = [](DirectSettings& settings) -> SmtpOptions& { return settings.smtp; };
    Spec<DirectSettings> spec("direct", "Delivers to the MX hosts of the recipient's domain.");
    add_direct_keys(spec, self);
    add_smtp_options(spec, smtp);
    return spec.check(check_families).type();
}

config::Type<SocksSettings> socks_type() {
    const auto direct = [](SocksSettings& settings) -> DirectSettings& { return settings.direct; };
    const auto smtp = [](SocksSettings& settings) -> SmtpOptions& { return settings.direct.smtp; };
    Spec<SocksSettings> spec(
        "socks", "Delivers to the MX hosts of the recipient's domain through a SOCKS5 proxy."
    );
    spec.required("proxy_host", &SocksSettings::host, host_or_address(), "The proxy.")
        .key("proxy_port", &SocksSettings::port, integer<std::uint16_t>(1, 65535), "Its port.")
        .key(
            "username", &SocksSettings::username, words({.longest = 255}),
            "User name for the proxy (RFC 1929)."
        )
        .key("password", &SocksSettings::password, config::secret(), "Password for the proxy.")
        .key(
            "remote_ips", &SocksSettings::remote_ips, list_of(ip_address()),
            "Addresses that the proxy's connections come from: what SPF records must name."
        );
    add_direct_keys(spec, direct);
    add_smtp_options(spec, smtp);
    return spec
        .check([](Reader& reader, const Node& node, const SocksSettings& socks) {
            check_families(reader, node, socks.direct);
            if (node.find("username") && !node.find("password"))
                reader.error(node.at, "'username' needs a 'password'");
            if (node.find("password") && !node.find("username"))
                reader.error(node.at, "'password' needs a 'username'");
        })
        .type();
}

class DirectConfig final : public delivery::TransportConfigOf<DirectSettings> {
  public:
    using TransportConfigOf::TransportConfigOf;
    delivery::TransportPtr make(const std::string&, const delivery::TransportServices& services)
        const override {
        auto dialer = net::make_direct_dialer(
            tls::make_client_context(services.tls), settings().smtp.source_v4,
            settings().smtp.source_v6
        );
        return make_direct(settings(), std::move(dialer), services.policies, services.own);
    }
    std::size_t concurrency() const override { return settings().smtp.max_connections; }
    delivery::Rate rate() const override { return settings().smtp.rate; }
    std::optional<delivery::PublicSender> public_sender() const override {
        const auto& smtp = settings().smtp;
        return delivery::PublicSender{smtp.ehlo_name, {smtp.source_v4, smtp.source_v6}, {}};
    }
};

class SocksConfig final : public delivery::TransportConfigOf<SocksSettings> {
  public:
    using TransportConfigOf::TransportConfigOf;
    delivery::TransportPtr make(const std::string&, const delivery::TransportServices& services)
        const override {
        net::SocksSettings proxy{
            settings().host, settings().port, settings().username,
            std::string(settings().password.reveal())
        };
        auto dialer =
            net::make_socks_dialer(tls::make_client_context(services.tls), std::move(proxy));
        return make_direct(settings().direct, std::move(dialer), services.policies);
    }
    std::size_t concurrency() const override { return settings().direct.smtp.max_connections; }
    delivery::Rate rate() const override { return settings().direct.smtp.rate; }
    std::optional<delivery::PublicSender> public_sender() const override {
        return delivery::PublicSender{settings().direct.smtp.ehlo_name, {}, settings().remote_ips};
    }
};

}  // namespace

std::shared_ptr<const delivery::TransportConfig> socks_config(SocksSettings settings) {
    return std::make_shared<const SocksConfig>(std::move(settings));
}

delivery::TransportKind direct_kind() {
    return delivery::transport_kind<DirectConfig>("direct", direct_type());
}

delivery::TransportKind socks_kind() {
    return delivery::transport_kind<SocksConfig>("socks", socks_type());
}

}  // namespace outpost::transports
