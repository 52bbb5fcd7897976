// SPDX-License-Identifier: Apache-2.0
#include "transports/relay/kind.hpp"

#include <algorithm>

#include "core/net/sockets/tcp_stream.hpp"
#include "transports/relay/relay.hpp"

namespace outpost::transports {
namespace {

using config::duration;
using config::integer;
using config::list_of;
using config::Node;
using config::Reader;
using config::Spec;
using config::words;
using namespace delivery::values;
using std::chrono::seconds;
using namespace std::chrono_literals;

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

config::Type<RelaySettings> relay_type(
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

delivery::TransportKind kind(
    const std::string& type, RelaySettings::Kind kind, std::uint16_t standard_port,
    const std::string& doc
) {
    RelaySettings initial;
    initial.kind = kind;
    auto made = delivery::transport_kind<RelayConfig>(
        type, relay_type(type, standard_port, doc), std::move(initial)
    );
    made.takes_submissions = true;
    return made;
}

delivery::SubmissionServer server_of(const RelaySettings& relay, const std::string& host) {
    delivery::SubmissionServer server;
    server.host = host;
    server.port = relay.port_in_use();
    server.tls = relay.tls_mode();
    server.tls_files = relay.tls_files;
    server.verify = relay.tls == RelayTls::verified;
    server.token = relay.auth.token;
    server.ehlo_name = relay.smtp.ehlo_name;
    if (relay.auth.username.empty()) return server;
    delivery::Login& login = server.login.emplace();
    login.credentials.username = relay.auth.username;
    login.credentials.password = relay.auth.password;
    login.credentials.host = host;
    login.credentials.port = server.port;
    login.mechanisms = relay.auth.mechanisms;
    login.trust_unverified = !server.verify;
    return server;
}

}  // namespace

delivery::TransportPtr RelayConfig::make(
    const std::string& name, const delivery::TransportServices& services
) const {
    const auto& files = settings().tls_files;
    const bool own = !files.ca_files.empty() || !files.certificate.empty();
    auto context = tls::make_client_context(own ? files : services.tls);
    auto dialer = net::make_direct_dialer(
        std::move(context), settings().smtp.source_v4, settings().smtp.source_v6
    );
    return make_relay(name, settings(), std::move(dialer), services.workers);
}

std::vector<delivery::SubmissionServer> RelayConfig::servers() const {
    std::vector<delivery::SubmissionServer> servers;
    for (const std::string& host : settings().hosts)
        servers.push_back(server_of(settings(), host));
    return servers;
}

std::shared_ptr<const delivery::TransportConfig> RelayConfig::at_port(std::uint16_t port) const {
    RelaySettings moved = settings();
    moved.port = port;
    return std::make_shared<const RelayConfig>(std::move(moved));
}

delivery::TransportKinds relay_kinds() {
    using Kind = RelaySettings::Kind;
    return {
        kind("smtp", Kind::smtp, 25, "Hands all mail to a relay on port 25."),
        kind(
            "submission", Kind::submission, 587,
            "Hands all mail to a provider's submission service, with STARTTLS."
        ),
        kind(
            "submissions", Kind::submissions, 465,
            "Hands all mail to a provider's submission service, with implicit TLS."
        ),
    };
}

}  // namespace outpost::transports
