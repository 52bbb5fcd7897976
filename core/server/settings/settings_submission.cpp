// SPDX-License-Identifier: Apache-2.0
// The sections about taking mail in: listeners, accounts, domains.
#include <fmt/format.h>

#include "core/server/settings/settings_types.hpp"

namespace outpost::server {
namespace {

using config::integer;
using config::list_of;
using config::Node;
using config::Reader;
using submission::AccountSettings;
using submission::AuthMode;
using submission::ListenerSettings;
using submission::TlsMode;
using namespace std::chrono_literals;

config::Type<TlsMode> tls_mode() {
    return config::one_of<TlsMode>(
        {{"none", TlsMode::none, "not available"},
         {"starttls", TlsMode::starttls, "offered"},
         {"required", TlsMode::required, "no mail without STARTTLS"},
         {"implicit", TlsMode::implicit, "from the first octet (port 465)"}}
    );
}

config::Type<AuthMode> auth_mode() {
    return config::one_of<AuthMode>(
        {{"none", AuthMode::none, "not available"},
         {"optional", AuthMode::optional, "offered"},
         {"required", AuthMode::required, "no mail without, but for `allowed_networks`"}}
    );
}

config::Position place_of(const Node& node, const char* key) {
    const Node* value = node.find(key);
    return value ? value->at : node.at;
}

void check_listener_tls(Reader& reader, const Node& node, const ListenerSettings& listener) {
    const bool has_certificate = node.find("certificate") != nullptr,
               has_key = node.find("key") != nullptr;
    if (has_certificate != has_key) {
        reader.error(
            place_of(node, has_key ? "key" : "certificate"),
            "certificate and key belong together, one of them is missing"
        );
    } else if (listener.tls != TlsMode::none && !has_certificate) {
        reader.error(
            place_of(node, "tls"), "TLS needs 'certificate' and 'key'", "or write 'tls: none'"
        );
    }
}

void check_listener_access(Reader& reader, const Node& node, const ListenerSettings& listener) {
    if (listener.auth == AuthMode::none && listener.allowed_networks.empty()) {
        reader.error(
            place_of(node, "auth"),
            "nobody could send mail here: there is neither authentication nor 'allowed_networks'"
        );
    }
    if (listener.auth != AuthMode::none && listener.tls == TlsMode::none) {
        reader.warning(
            place_of(node, "auth"), "without TLS only SCRAM can be used to authenticate here"
        );
    }
    for (const net::Cidr& network : listener.allowed_networks) {
        const bool everyone = network.text() == "0.0.0.0/0" || network.text() == "::/0";
        if (everyone)
            reader.warning(
                place_of(node, "allowed_networks"),
                "everyone may send mail here: this is an open relay"
            );
    }
}

/// A unix socket is opened by whom the system lets, and nothing of it leaves the machine.
void check_socket(Reader& reader, const Node& node) {
    for (const char* key : {"address", "port", "tls", "requiretls", "auth", "allowed_networks"}) {
        if (node.find(key)) {
            reader.error(
                place_of(node, key), fmt::format("a listener on a 'socket' has no '{}'", key)
            );
        }
    }
}

void check_receiving(Reader& reader, const Node& node, const ListenerSettings& listener) {
    for (const char* key : {"socket", "auth", "allowed_networks", "account", "submission"}) {
        if (node.find(key)) {
            reader.error(
                place_of(node, key), fmt::format("a listener that receives has no '{}'", key)
            );
        }
    }
    if (listener.tls == TlsMode::required) {
        reader.warning(
            place_of(node, "tls"),
            "whoever cannot speak TLS with this host cannot report that either",
            "write 'tls: starttls'"
        );
    }
    if (listener.tls == TlsMode::implicit) {
        reader.warning(
            place_of(node, "tls"), "no mail server delivers to a port with implicit TLS",
            "write 'tls: starttls'"
        );
    }
}

void check_listener(Reader& reader, const Node& node, const ListenerSettings& listener) {
    if (listener.receive) check_receiving(reader, node, listener);
    if (!listener.socket.empty()) return check_socket(reader, node);
    if (!node.find("port")) return reader.error(node.at, "a listener needs a 'port' or a 'socket'");
    check_listener_tls(reader, node, listener);
    if (listener.receive) return;
    check_listener_access(reader, node, listener);
}

/// Shown only where there is one: a listener on a socket has none.
config::Type<std::uint16_t> tcp_port() {
    using Shown = std::optional<std::uint16_t>;
    return config::stored_as<std::uint16_t, Shown>(
        config::maybe(integer<std::uint16_t>(1, 65535)),
        [](std::uint16_t& port, const Shown& written) { port = written.value_or(0); },
        [](const std::uint16_t& port) { return port == 0 ? Shown() : Shown(port); }
    );
}

config::Type<mode_t> socket_access() {
    return config::one_of<mode_t>(
        {{"everyone", 0666, ""},
         {"group", 0660, "the server's user and group"},
         {"owner", 0600, "the server's user"}}
    );
}

/// A SCRAM verifier as `outpost password` prints it; as little to be shown as a password.
config::Type<sasl::StoredCredential> credential() {
    const auto text = config::secret();
    const auto read = [text](Reader& reader, const Node& node, sasl::StoredCredential& value) {
        Secret got;
        text.read(reader, node, got);
        const bool made_up = reader.environment().pretended && node.kind == Node::Kind::map;
        if (got.empty() || made_up) return;
        auto parsed = sasl::StoredCredential::parse(got.reveal());
        if (parsed) {
            value = std::move(*parsed);
        } else {
            reader.error(
                node.at, "is no SCRAM verifier", "make one with 'outpost password'",
                config::Quote::nothing
            );
        }
    };
    return config::custom<sasl::StoredCredential>(
        text.schema().with_title("SCRAM verifier"), read,
        [](const sasl::StoredCredential& value) {
            return value.verifiers.empty() ? "" : "(hidden)";
        }
    );
}

/// Names a member of Account::submission.
template <class M>
auto of_submission(M AccountSettings::* member) {
    return [member](Account& account) -> M& { return account.submission.*member; };
}

void check_account(Reader& reader, const Node& node, const Account& account) {
    const AccountSettings& settings = account.submission;
    if (!settings.any_sender && settings.addresses.empty() && settings.domains.empty()) {
        reader.warning(
            node.at, "this account may not send from any address",
            "give it 'addresses' or 'domains'"
        );
    }
}

}  // namespace

config::Type<ListenerSettings> listener_type() {
    const auto file = config::path(config::PathRule::readable_file);
    return config::Spec<ListenerSettings>(
               "listener", "A port or unix socket on which mail is taken in."
    )
        .key(
            "address", &ListenerSettings::addresses, list_of(ip_address()),
            "IP addresses to listen on. `0.0.0.0` and `\"::\"` are all of a family. Without it: "
            "both."
        )
        .key(
            "port", &ListenerSettings::port, tcp_port(),
            "TCP port: 25 relay, 587 submission, 465 submission with implicit TLS."
        )
        .key(
            "socket", &ListenerSettings::socket, config::path(config::PathRule::any),
            "A unix socket instead of address and port. Its clients need no authentication."
        )
        .key(
            "socket_access", &ListenerSettings::socket_mode, socket_access(),
            "Who may connect to the socket."
        )
        .restart()
        .key(
            "hostname", &ListenerSettings::hostname, host_name(),
            "Announced here instead of the node's host name."
        )
        .key("tls", &ListenerSettings::tls, tls_mode(), "TLS on this port.")
        .key(
            "certificate", [](auto& l) -> auto& { return l.certificate.certificate; }, file,
            "The server's certificate with its chain, leaf first (PEM)."
        )
        .key(
            "key", [](auto& l) -> auto& { return l.certificate.key; }, file,
            "Its private key (PEM)."
        )
        .key(
            "requiretls", &ListenerSettings::requiretls, config::boolean(),
            "Announce REQUIRETLS (RFC 8689) under TLS: a client may ask that its message goes only "
            "to servers whose TLS can be verified."
        )
        .key(
            "receive", &ListenerSettings::receive, config::boolean(),
            "Receives from strangers (port 25): TLS reports to the addresses that are published "
            "for them (`tls_reports`), and bounces to our return paths (`bounces`). All else is "
            "refused. TLS is best offered and not required: reports about broken TLS are to get "
            "in."
        )
        .key("auth", &ListenerSettings::auth, auth_mode(), "Authentication by the accounts below.")
        .key(
            "allowed_networks", &ListenerSettings::allowed_networks, list_of(network()),
            "Clients from these networks need no authentication."
        )
        .key(
            "account", &ListenerSettings::account, config::words(),
            "The account that mail from those networks, or from the socket, counts for."
        )
        .key(
            "submission", &ListenerSettings::submission, config::boolean(),
            "A submission service (RFC 6409): adds a missing Date and Message-ID, removes Bcc. "
            "`false`: a relay, which changes nothing."
        )
        .key(
            "max_message_size", &ListenerSettings::max_message_size,
            config::maybe(config::size<std::uint64_t>(64 * 1024, std::uint64_t{4} << 30)),
            "Larger messages are refused. Without it: `50MiB`, with `receive` `16MiB`."
        )
        .key(
            "max_recipients", &ListenerSettings::max_recipients, integer<std::size_t>(100, 100'000),
            "Recipients of one message."
        )
        .key(
            "max_connections", &ListenerSettings::max_connections,
            integer<std::size_t>(1, 1'000'000), "Connections at once."
        )
        .key(
            "max_connections_per_ip", &ListenerSettings::max_connections_per_ip,
            integer<std::size_t>(1, 1'000'000), "Connections at once from one address."
        )
        .key(
            "max_messages_per_minute", &ListenerSettings::max_messages_per_minute,
            integer<std::size_t>(0, 1'000'000), "Messages a minute from one address; 0: no limit."
        )
        .key(
            "max_received_fields", &ListenerSettings::max_received_fields,
            integer<std::size_t>(10, 1000),
            "A message with more Received fields goes in circles and is refused."
        )
        .key(
            "idle_timeout", &ListenerSettings::idle_timeout,
            config::duration<std::chrono::seconds>(10s, 1h),
            "A client that says nothing for so long is cut off (RFC 5321 asks for 5 minutes)."
        )
        .check(check_listener)
        .type();
}

config::Type<Account> account_type() {
    return config::Spec<Account>("account", "Who may submit mail, and as whom.")
        .key(
            "password", of_submission(&AccountSettings::credential), credential(),
            "SCRAM verifier, as `outpost password` makes it. Without it nobody can log in."
        )
        .key(
            "logins", of_submission(&AccountSettings::logins),
            list_of(config::words({.longest = 255})), "Other names that this account may log in by."
        )
        .key(
            "addresses", of_submission(&AccountSettings::addresses), list_of(address()),
            "Addresses that it may send from."
        )
        .key(
            "domains", of_submission(&AccountSettings::domains), list_of(domain_name()),
            "Domains of which it may use any address."
        )
        .key(
            "any_sender", of_submission(&AccountSettings::any_sender), config::boolean(),
            "May send from any address."
        )
        .key(
            "check_header_from", of_submission(&AccountSettings::check_header_from),
            config::boolean(),
            "What it sends after a login must name its own addresses in the From field, too."
        )
        .key(
            "max_recipients_per_day", of_submission(&AccountSettings::max_recipients_per_day),
            integer<std::size_t>(0, 1'000'000'000),
            "Recipients in 24 hours, by all nodes and SQL together; 0: no limit. SMTP is held to "
            "it."
        )
        .key(
            "routes", &Account::routes, list_of(route_type(), config::ListForm::strict),
            "Routes for its mail, looked at before all others."
        )
        .check(check_account)
        .type();
}

config::Type<SenderDomain> sender_domain_type() {
    return config::Spec<SenderDomain>("domain", "A domain that mail is sent from.")
        .key(
            "routes", &SenderDomain::routes, list_of(route_type(), config::ListForm::strict),
            "Routes for mail from this domain, looked at after those of the account and before the "
            "global ones."
        )
        .key("dkim", &SenderDomain::dkim, config::maybe(dkim_type()), "Its DKIM keys.")
        .key(
            "mx", &SenderDomain::mx, list_of(host_name()),
            "Hosts that receive its mail, the most wanted one first: for `outpost dns`."
        )
        .key("spf", &SenderDomain::spf, spf_type(), "Its SPF record: for `outpost dns`.")
        .key("dmarc", &SenderDomain::dmarc, dmarc_type(), "Its DMARC policy: for `outpost dns`.")
        .key(
            "mta_sts", &SenderDomain::mta_sts, config::maybe(mta_sts_policy_type()),
            "Its MTA-STS policy: for `outpost dns`, and served by `https`."
        )
        .key(
            "tls_reports", &SenderDomain::tls_reports, address(),
            "Where others are to send TLS reports about it. A listener with `receive` takes them."
        )
        .type();
}

}  // namespace outpost::server
