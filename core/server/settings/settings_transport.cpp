// SPDX-License-Identifier: Apache-2.0
// The transports, one kind after the other.
#include <algorithm>

#include "core/server/settings/settings_types.hpp"

namespace outpost::server {
namespace {

using config::boolean;
using config::duration;
using config::integer;
using config::list_of;
using config::Node;
using config::Reader;
using config::Spec;
using config::words;
using std::chrono::seconds;
using namespace std::chrono_literals;
using namespace transports;

bool is_same_kind(const RelaySettings& relay, const RelaySettings& initial) {
    return relay.kind == initial.kind;
}

enum class Family { v4, v6 };
/// An address of one family; the unspecified one stands for none.
config::Type<net::IpAddress> source_address(Family family) {
    const bool v6 = family == Family::v6;
    const auto any = ip_address();
    const auto read = [any, v6](Reader& reader, const Node& node, net::IpAddress& value) {
        net::IpAddress got;
        any.read(reader, node, got);
        if (got.is_unspecified()) return;
        if (got.is_v6() == v6) {
            value = got;
        } else {
            reader.error(node.at, v6 ? "is not an IPv6 address" : "is not an IPv4 address");
        }
    };
    return config::custom<net::IpAddress>(
        any.schema().with_title(v6 ? "IPv6 address" : "IPv4 address"), read,
        [](const net::IpAddress& value) {
            return value.is_unspecified() ? std::string() : value.to_string();
        }
    );
}

/// Adds the keys of SmtpOptions; `smtp` finds them in a T.
template <class T, class Access>
void add_smtp_options(Spec<T>& spec, Access smtp) {
    spec.key(
            "ehlo_name", [smtp](T& t) -> auto& { return smtp(t).ehlo_name; }, host_name(),
            "Name that we call ourselves. Without it: the node's host name."
    )
        .key(
            "source_ipv4", [smtp](T& t) -> auto& { return smtp(t).source_v4; },
            source_address(Family::v4), "Local IPv4 address to connect from."
        )
        .key(
            "source_ipv6", [smtp](T& t) -> auto& { return smtp(t).source_v6; },
            source_address(Family::v6), "Local IPv6 address to connect from."
        )
        .key(
            "max_connections", [smtp](T& t) -> auto& { return smtp(t).max_connections; },
            integer<std::size_t>(0, 100'000),
            "Deliveries at once in all, by all nodes together; 0: no limit but those of `limits`."
        )
        .key(
            "rate", [smtp](T& t) -> auto& { return smtp(t).rate; }, rate(),
            "Messages in an interval, by all nodes together. Without it: "
            "`limits.messages_per_transport`."
        )
        .key(
            "max_idle_per_host", [smtp](T& t) -> auto& { return smtp(t).max_idle_per_host; },
            integer<std::size_t>(1, 10'000),
            "Unused connections that are kept open to one host, for the next messages."
        )
        .key(
            "max_messages_per_connection",
            [smtp](T& t) -> auto& { return smtp(t).max_messages_per_connection; },
            integer<std::size_t>(1, 1'000'000), "A connection is used for so many messages."
        )
        .key(
            "idle_timeout", [smtp](T& t) -> auto& { return smtp(t).idle_timeout; },
            duration<seconds>(0s, 10min),
            "An unused connection is kept so long for the next message."
        )
        .key(
            "connect_timeout", [smtp](T& t) -> auto& { return smtp(t).connect_timeout; },
            duration<seconds>(1s, 10min), "For opening a connection."
        );
}

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

config::Type<sasl::TokenSettings> token_type() {
    const auto file =
        Spec<sasl::TokenFile>("token_file", "A bearer token that something else renews.")
            .required(
                "path", &sasl::TokenFile::path, config::path(config::PathRule::any),
                "The file; it is read again whenever it changes."
            )
            .type();
    const auto command =
        Spec<sasl::TokenCommand>("token_command", "A bearer token that a command prints.")
            .required(
                "command", &sasl::TokenCommand::command, list_of(words()),
                "Program and arguments; no shell takes part."
            )
            .key(
                "lifetime", &sasl::TokenCommand::lifetime, duration<seconds>(10s, 24h),
                "It is asked again after so long, or when a token is refused."
            )
            .type();
    const auto endpoint =
        Spec<sasl::TokenEndpoint>(
            "token_endpoint",
            "A bearer token by the client credentials grant (RFC 6749 section 4.4), renewed before "
            "it expires."
        )
            .required(
                "url", &sasl::TokenEndpoint::url, words({.title = "URL"}), "The token endpoint."
            )
            .required("client_id", &sasl::TokenEndpoint::client_id, words(), "Who we are there.")
            .required(
                "client_secret", &sasl::TokenEndpoint::client_secret, config::secret(),
                "Our secret there."
            )
            .key("scopes", &sasl::TokenEndpoint::scopes, list_of(words()), "Scopes to ask for.")
            .check([](Reader& reader, const Node& node, const sasl::TokenEndpoint& settings) {
                const bool local = settings.url.starts_with("http://127.0.0.1") ||
                                   settings.url.starts_with("http://[::1]");
                if (settings.url.empty() || settings.url.starts_with("https://") || local) return;
                reader.error(
                    node.find("url")->at, "a secret is sent there: the URL must begin with https://"
                );
            })
            .type();
    return config::Choice<sasl::TokenSettings>(
               "token", "Where a bearer token for XOAUTH2 and OAUTHBEARER comes from."
    )
        .alternative("file", file)
        .alternative("command", command)
        .alternative("client_credentials", endpoint)
        .type();
}

config::Type<std::string> mechanism() {
    std::vector<config::Word<std::string>> names;
    for (const std::string& name : sasl::client_mechanisms())
        names.push_back({name, name, ""});
    return config::one_of(std::move(names));
}

bool has_token(const AuthSettings& auth) {
    return !std::holds_alternative<std::monostate>(auth.token);
}

void check_auth(Reader& reader, const Node& node, const AuthSettings& auth) {
    if (!auth.password.empty() && has_token(auth)) {
        reader.error(
            node.find("token")->at,
            "two ways to authenticate: 'password' and 'token' exclude each other"
        );
    }
    const bool external = auth.mechanisms == std::vector<std::string>{"EXTERNAL"};
    const bool spoke_of_secret = node.find("password") || node.find("token");
    if (!spoke_of_secret && !external) {
        reader.error(
            node.at, "neither 'password' nor 'token'",
            "only 'mechanisms: EXTERNAL' with a client certificate needs none"
        );
    }
    if (!external && !node.find("username"))
        reader.error(node.at, "required key 'username' is missing");
    for (auto it = auth.mechanisms.begin(); it != auth.mechanisms.end(); ++it) {
        if (std::find(auth.mechanisms.begin(), it, *it) == it) continue;
        reader.error(node.find("mechanisms")->at, *it + " is listed twice");
    }
}

config::Type<AuthSettings> auth_type() {
    return Spec<AuthSettings>("auth", "How we authenticate to a relay.")
        .key("username", &AuthSettings::username, words({.longest = 255}), "User name.")
        .key("password", &AuthSettings::password, config::secret(), "Password.")
        .key("token", &AuthSettings::token, token_type(), "A bearer token instead of a password.")
        .key(
            "mechanisms", &AuthSettings::mechanisms, list_of(mechanism()),
            "Permitted SASL mechanisms in order of preference. Without it: the strongest one "
            "offered."
        )
        .check(check_auth)
        .type();
}

config::Type<RelayTls> relay_tls() {
    return config::one_of<RelayTls>(
        {{"verified", RelayTls::verified, "TLS with a valid certificate for the host's name"},
         {"encrypted", RelayTls::encrypted, "TLS with any certificate"},
         {"opportunistic", RelayTls::opportunistic, "TLS where offered"},
         {"none", RelayTls::none, "never TLS"}}
    );
}

/// Mechanisms that show the secret to who listens need a verified peer.
void check_auth_needs_tls(Reader& reader, const Node& node, const RelaySettings& relay) {
    const Node* auth = node.find("auth");
    if (!auth || relay.tls == RelayTls::verified) return;
    const Reader::Scope scope(reader, "auth");
    for (const std::string& name : relay.auth.mechanisms) {
        if (!sasl::reveals_secret(name)) continue;
        const Node* list = auth->find("mechanisms");
        reader.error(
            list ? list->at : auth->at, name + " would show the secret to others",
            "it needs 'tls: verified'"
        );
    }
    const Node* token = auth->find("token");
    if (token)
        reader.error(token->at, "a token would be shown to others", "it needs 'tls: verified'");
}

void check_relay(Reader& reader, const Node& node, const RelaySettings& relay) {
    const bool weak = relay.tls == RelayTls::opportunistic || relay.tls == RelayTls::none;
    if (relay.kind == RelaySettings::Kind::submissions && weak) {
        reader.error(
            node.find("tls")->at, "submissions speaks TLS from the first octet",
            "use type 'submission' or 'smtp'"
        );
    }
    const bool ip_host =
        std::any_of(relay.hosts.begin(), relay.hosts.end(), [](const std::string& host) {
            return host.find_first_not_of("0123456789.") == host.npos ||
                   host.find(':') != host.npos;
        });
    if (ip_host && relay.tls == RelayTls::verified) {
        reader.warning(
            node.find("host")->at,
            "the certificate of a host known by its IP address only seldom can be verified"
        );
    }
    check_auth_needs_tls(reader, node, relay);
}

config::Type<RelaySettings> relay_of_kind(
    const std::string& name, std::uint16_t standard_port, const std::string& doc
) {
    const auto smtp = [](RelaySettings& settings) -> SmtpOptions& { return settings.smtp; };
    Spec<RelaySettings> spec(name, doc);
    spec.required(
            "host", &RelaySettings::hosts, list_of(host_or_address()),
            "The relay; of several, the next one is tried when one cannot be reached."
    )
        .key("port", &RelaySettings::port, port(standard_port), "TCP port.")
        .key("tls", &RelaySettings::tls, relay_tls(), "TLS to the relay.")
        .key(
            "tls_files", &RelaySettings::tls_files, tls_files(),
            "Roots and client certificate for this relay."
        )
        .key("auth", &RelaySettings::auth, auth_type(), "Authentication.");
    add_smtp_options(spec, smtp);
    return spec.check(check_relay).type();
}

/// Adds the three kinds of relay to a choice that holds RelaySettings.
template <class V>
void add_relays(config::Choice<V>& choice) {
    using Kind = RelaySettings::Kind;
    const auto add = [&](const std::string& name, Kind kind, std::uint16_t standard_port,
                         const std::string& doc) {
        RelaySettings initial;
        initial.kind = kind;
        choice.template alternative<RelaySettings>(
            name, relay_of_kind(name, standard_port, doc), initial, is_same_kind
        );
    };
    add("smtp", Kind::smtp, 25, "Hands all mail to a relay on port 25.");
    add("submission", Kind::submission, 587,
        "Hands all mail to a provider's submission service, with STARTTLS.");
    add("submissions", Kind::submissions, 465,
        "Hands all mail to a provider's submission service, with implicit TLS.");
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

config::Type<FailSettings> fail_type() {
    return Spec<FailSettings>(
               "fail", "Refuses everything: for tests, and for mail that must not leave."
    )
        .key("code", &FailSettings::code, integer(400, 599), "SMTP code: 4yz defers, 5yz fails.")
        .key(
            "status", &FailSettings::status, words({.longest = 11}),
            "Enhanced status; without it 4.7.0 or 5.7.0."
        )
        .key("message", &FailSettings::message, words({.longest = 256}), "What is said.")
        .type();
}

config::Type<DiscardSettings> discard_type() {
    return Spec<DiscardSettings>("discard", "Takes everything and delivers nothing: for tests.")
        .key(
            "delay", &DiscardSettings::delay, duration<std::chrono::milliseconds>(0ms, 1h),
            "Time that each attempt takes."
        )
        .type();
}

config::Type<PluginSettings> plugin_type() {
    return Spec<PluginSettings>("plugin", "A transport that a plugin brings along.")
        .required(
            "transport", &PluginSettings::transport, words(), "The name that the plugin gave it."
        )
        .key(
            "options", &PluginSettings::options, config::free_options(),
            "What the plugin wants to know."
        )
        .key(
            "own_process", &PluginSettings::own_process, boolean(),
            "Run it in a process of its own (see `plugin_processes`), so that its crash is not the "
            "server's. `false` saves some time for each message."
        )
        .type();
}

}  // namespace

config::Type<TransportSettings> transport_type() {
    config::Choice<TransportSettings> choice(
        "transport", "A way for mail to leave. `type` says which kind."
    );
    choice.alternative("direct", direct_type());
    add_relays(choice);
    return choice.alternative("socks", socks_type())
        .alternative("fail", fail_type())
        .alternative("discard", discard_type())
        .alternative("plugin", plugin_type())
        .type();
}

config::Type<RelaySettings> relay_type() {
    config::Choice<std::variant<RelaySettings>> choice("relay", "A server that takes mail.");
    add_relays(choice);
    return config::stored_as<RelaySettings, std::variant<RelaySettings>>(
        choice.type(),
        [](RelaySettings& relay, const std::variant<RelaySettings>& value) {
            relay = std::get<0>(value);
        },
        [](const RelaySettings& relay) { return std::variant<RelaySettings>(relay); }
    );
}

}  // namespace outpost::server
