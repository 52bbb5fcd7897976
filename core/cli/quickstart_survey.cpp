// SPDX-License-Identifier: Apache-2.0
#include "core/cli/quickstart_survey.hpp"

#include <fmt/format.h>
#include <asio/generic/stream_protocol.hpp>
#include <asio/ip/tcp.hpp>

#include <algorithm>
#include <sstream>
#include <tuple>

#include "core/delivery/next_hop/next_hop.hpp"
#include "core/foundation/base/encoding.hpp"
#include "core/foundation/base/log.hpp"
#include "core/foundation/base/sequence.hpp"
#include "core/mail/authentication/dmarc_record.hpp"
#include "core/mail/authentication/spf/record.hpp"
#include "core/net/dns/reverse.hpp"
#include "core/net/dns/type_name.hpp"
#include "core/net/http_client/public_address.hpp"
#include "core/net/sockets/connect.hpp"

namespace outpost::cli {
namespace {

using Outcome = Result<dns::Answer, dns::Failure>;

constexpr std::chrono::seconds dial_time{10};
constexpr std::uint16_t smtp_port = 25;

bool is_known_outside(const dns::Domain& name) {
    if (name.ascii().find('.') == std::string::npos) return false;
    for (const char* inner :
         {"localhost", "localdomain", "local", "internal", "lan", "home.arpa"}) {
        if (name.is_below(dns::Domain::parse(inner).value())) return false;
    }
    return true;
}

std::optional<dns::Domain> as_full_name(std::string_view text) {
    auto name = dns::Domain::parse(text);
    if (!name || !is_known_outside(*name)) return std::nullopt;
    return std::move(*name);
}

std::vector<std::string> words_of(const std::string& line) {
    std::istringstream in(line.substr(0, line.find('#')));
    std::vector<std::string> words;
    for (std::string word; in >> word;)
        words.push_back(word);
    return words;
}

std::string joined(const std::vector<net::IpAddress>& addresses) {
    std::string out;
    for (const auto& address : addresses)
        out += (out.empty() ? "" : ", ") + address.to_string();
    return out;
}

std::string in_quotes(std::string_view foreign) {
    return "'" + log::printable(foreign) + "'";
}

/// One survey under way.
class Surveyor {
  public:
    Surveyor(SurveyQuestion question, dns::Resolver& resolver, Deadline deadline)
        : question_(std::move(question)), resolver_(resolver), deadline_(deadline) {
        for (const auto& address : question_.own_addresses) {
            if (http_client::is_public(address)) own_public_.push_back(address);
        }
    }

    awaitable<Survey> run() {
        const bool answered = co_await look_at_resolver();
        co_await choose_hostname(answered);
        if (answered) {
            co_await look_at_addresses();
            co_await look_at_reverse_names();
            co_await look_at_mx();
            co_await look_at_report_address();
            co_await look_at_spf();
            co_await look_at_dmarc();
        } else {
            found_.addresses = own_public_;
        }
        if (question_.dial) co_await call(*question_.dial);
        co_return std::move(found_);
    }

  private:
    template <class... Arguments>
    void warn(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
        found_.warnings.push_back(fmt::format(format, std::forward<Arguments>(arguments)...));
    }

    awaitable<Outcome> ask(std::string name, dns::Type type) {
        dns::Question question{std::move(name), type};
        co_return co_await resolver_.query(std::move(question), deadline_);
    }

    /// False when nobody answers. A name that everybody knows, in a zone that is signed.
    awaitable<bool> look_at_resolver() {
        const auto answer = co_await ask("com", dns::Type::ns);
        if (!answer && is_silence(answer.error())) {
            warn(
                "No name server answers ({}), so nothing was looked up: neither addresses nor what "
                "the domain publishes already. Compare outpost.yaml with that.",
                log::printable(answer.error().text)
            );
            co_return false;
        }
        if (!answer || answer->records.empty()) {
            warn(
                "The name server does not know the domain com ({}), so nothing can be said of "
                "DNSSEC.",
                answer ? "there is none" : log::printable(answer.error().text)
            );
        } else if (answer->security != dns::Security::secure) {
            warn(
                "Answers of the name servers are {} by DNSSEC, so mail will leave without DANE. A "
                "resolver on this machine that validates, such as unbound, changes that.",
                dns::text(answer->security)
            );
        }
        co_return true;
    }

    static bool is_silence(const dns::Failure& failure) {
        using Kind = dns::Failure::Kind;
        return failure.kind == Kind::timeout || failure.kind == Kind::network;
    }

    awaitable<void> choose_hostname(bool answered) {
        if (question_.hostname) {
            found_.hostname = *question_.hostname;
            co_return;
        }
        for (const auto& address : own_public_) {
            if (!answered) break;
            const auto names = co_await dns::confirmed_names(address, resolver_, deadline_);
            if (names.names.empty()) continue;
            auto name = as_full_name(names.names.front());
            if (!name) continue;
            found_.hostname = std::move(*name);
            warn(
                "This machine is called {} here, after its address {}; --hostname says another "
                "name.",
                found_.hostname.ascii(), address.to_string()
            );
            co_return;
        }
        found_.hostname = dns::Domain::parse("mail." + question_.domain.ascii()).value();
        warn(
            "This machine has no full name of its own, so it is called {} here; --hostname says "
            "another name.",
            found_.hostname.ascii()
        );
    }

    awaitable<void> look_at_addresses() {
        for (const auto type : {dns::Type::a, dns::Type::aaaa}) {
            const auto answer = co_await ask(found_.hostname.ascii(), type);
            if (answer)
                take_addresses(*answer);
            else
                warn(
                    "The addresses of {} could not be looked up: {}.", found_.hostname.ascii(),
                    log::printable(answer.error().text)
                );
        }
        judge_addresses();
    }

    void take_addresses(const dns::Answer& answer) {
        for (const auto& record : answer.records) {
            asio::error_code error;
            const auto address = asio::ip::make_address(record.text, error);
            if (error || contains(found_.addresses, address)) continue;
            if (address.is_loopback()) {
                warn(
                    "{} leads to {}, where nobody else can reach this machine.",
                    found_.hostname.ascii(), address.to_string()
                );
                continue;
            }
            found_.addresses.push_back(address);
        }
    }

    void judge_addresses() {
        const auto& host = found_.hostname.ascii();
        if (found_.addresses.empty()) {
            found_.addresses = own_public_;
            if (own_public_.empty())
                warn(
                    "{} has no address in the DNS yet, and this machine none of the public "
                    "internet. Write those that its mail leaves from into outgoing_addresses.",
                    host
                );
            else
                warn(
                    "{} has no address in the DNS yet: those of this machine ({}) are taken.", host,
                    joined(own_public_)
                );
            return;
        }
        const bool any_here =
            std::any_of(found_.addresses.begin(), found_.addresses.end(), [&](const auto& one) {
                return contains(question_.own_addresses, one);
            });
        if (any_here) return;
        if (own_public_.empty())
            warn(
                "{} leads to {}, this machine has private addresses alone: so something in between "
                "translates. Mail must leave from, and ports 25, 465 and 587 lead to, the former.",
                host, joined(found_.addresses)
            );
        else
            warn(
                "{} leads to {}, but this machine has {}.", host, joined(found_.addresses),
                joined(own_public_)
            );
    }

    awaitable<void> look_at_reverse_names() {
        const auto& host = found_.hostname.ascii();
        for (const auto& address : found_.addresses) {
            const auto found = co_await dns::confirmed_names(address, resolver_, deadline_);
            if (contains(found.names, host)) continue;
            if (!found.names.empty())
                warn(
                    "The address {} is called {}, not {}: whoever runs the network changes its PTR "
                    "record.",
                    address.to_string(), in_quotes(found.names.front()), host
                );
            else if (found.failure && !found.claimed)
                warn(
                    "The name of {} could not be looked up: {}.", address.to_string(),
                    log::printable(found.failure->text)
                );
            else
                warn(
                    "The address {} has no name that leads back to it; receivers distrust that. "
                    "Whoever runs the network makes its PTR record say {}.",
                    address.to_string(), host
                );
        }
    }

    awaitable<void> look_at_mx() {
        auto answer = co_await ask(question_.domain.ascii(), dns::Type::mx);
        if (!answer) {
            warn(
                "The MX of {} could not be looked up: {}.", question_.domain.ascii(),
                log::printable(answer.error().text)
            );
            co_return;
        }
        auto& records = answer->records;
        std::sort(records.begin(), records.end(), [](const auto& a, const auto& b) {
            return std::tie(a.preference, a.text) < std::tie(b.preference, b.text);
        });
        for (const auto& record : records) {
            // The configuration names hosts; RFC 7505 has the root for none.
            if (const auto host = dns::Domain::parse(record.text))
                found_.mx.push_back(host->ascii());
        }
        if (found_.mx.empty())
            warn(
                "{} has no MX: nobody receives mail for it, so that answers and bounces get lost, "
                "and some receivers take nothing from it. Outpost is no mailbox server.",
                question_.domain.ascii()
            );
    }

    /// Others send TLS reports to an address at the host name, which needs no MX to lead here.
    awaitable<void> look_at_report_address() {
        const auto& host = found_.hostname.ascii();
        const auto answer = co_await ask(host, dns::Type::mx);
        if (!answer || answer->records.empty()) co_return;
        for (const auto& record : answer->records) {
            if (record.text == host) co_return;
        }
        warn(
            "Mail for {0} goes to {1}: so do TLS reports for tlsreports@{0}, unless you write "
            "another address that leads to this machine.",
            host, in_quotes(answer->records.front().text)
        );
    }

    awaitable<std::vector<std::string>> texts_of(
        std::string name, bool (*is_meant)(std::string_view)
    ) {
        std::vector<std::string> texts;
        const auto answer = co_await ask(name, dns::Type::txt);
        if (!answer) {
            warn(
                "The TXT records of {} could not be looked up: {}.", name,
                log::printable(answer.error().text)
            );
            co_return texts;
        }
        for (const auto& record : answer->records) {
            if (is_meant(record.text)) texts.push_back(record.text);
        }
        co_return texts;
    }

    awaitable<void> look_at_spf() {
        const auto texts = co_await texts_of(question_.domain.ascii(), [](std::string_view text) {
            return spf::is_record(text);
        });
        if (texts.empty()) co_return;
        const auto record = spf::parse_record(texts.front());
        if (texts.size() > 1 || !record) {
            warn(
                "{} publishes {} SPF records, the first of them {}, and they are invalid; the one "
                "printed here is to replace them.",
                question_.domain.ascii(), texts.size(), in_quotes(texts.front())
            );
            co_return;
        }
        warn(
            "{} publishes SPF already: what it names besides this host is in outpost.yaml, and "
            "the record printed here is to replace {}.",
            question_.domain.ascii(), in_quotes(texts.front())
        );
        take_spf(*record);
    }

    void take_spf(const spf::Record& record) {
        for (const auto& directive : record.directives) {
            if (directive.mechanism == spf::Mechanism::all) {
                found_.spf.fail_others = directive.qualifier == spf::Qualifier::fail;
                break;  // what comes after it is never looked at (RFC 7208 section 5.1)
            }
            if (is_one_of_ours(directive)) continue;
            if (directive.text.find_first_of("\"\\") == std::string::npos)
                found_.spf.mechanisms.push_back(directive.text);
            else
                warn("Its part {} was left out.", in_quotes(directive.text));
        }
        if (record.redirect) {
            warn(
                "Its redirect={} was left out: as include:{} in spf.mechanisms it would count.",
                log::printable(*record.redirect), log::printable(*record.redirect)
            );
        }
    }

    bool is_one_of_ours(const spf::Directive& directive) const {
        const bool v4 = directive.mechanism == spf::Mechanism::ip4 && directive.v4_prefix == 32;
        const bool v6 = directive.mechanism == spf::Mechanism::ip6 && directive.v6_prefix == 128;
        return (v4 || v6) && contains(found_.addresses, directive.network);
    }

    awaitable<void> look_at_dmarc() {
        const auto texts =
            co_await texts_of("_dmarc." + question_.domain.ascii(), [](std::string_view text) {
                return authentication::is_dmarc_record(text);
            });
        if (texts.empty()) co_return;
        if (const auto record = authentication::parse_dmarc_record(texts.front())) {
            found_.dmarc = record->policy;
        }
        warn(
            "{} publishes DMARC already, {}: its policy is in outpost.yaml; keep the record if it "
            "says more than the one printed here.",
            question_.domain.ascii(), in_quotes(texts.front())
        );
    }

    /// A connection and no more: networks that close port 25 do so silently.
    awaitable<void> call(const dns::Domain& other) {
        const delivery::NextHopOptions options;
        const auto deadline = Deadline::in(dial_time);
        const auto hops = co_await delivery::find_hosts(resolver_, other, options, deadline);
        if (!hops) {
            warn("The MX of {} could not be found, so port 25 was not tried.", other.ascii());
            co_return;
        }
        const auto host = hops->hosts.front().name;
        const auto where = co_await delivery::find_addresses(
            resolver_, host, hops->implicit_mx, options, deadline
        );
        if (!where) {
            warn("{} has no address, so port 25 was not tried.", log::printable(host));
            co_return;
        }
        std::string trouble;
        for (const auto& address : where->addresses) {
            trouble = co_await connect(address, deadline);
            if (trouble.empty()) co_return;
        }
        warn(
            "Port 25 of {} could not be reached ({}). Many networks close it: ask for it to be "
            "opened, or send through a provider (`routes` in outpost.yaml).",
            log::printable(host), trouble
        );
    }

    static awaitable<std::string> connect(net::IpAddress address, Deadline deadline) {
        using Endpoint = asio::generic::stream_protocol::endpoint;
        const Endpoint to(asio::ip::tcp::endpoint(address, smtp_port));
        try {
            const auto socket = co_await net::connect(to, Endpoint(), deadline);
        } catch (const std::system_error& error) {
            co_return address.to_string() + ": " + error.code().message();
        }
        co_return std::string();
    }

    SurveyQuestion question_;
    dns::Resolver& resolver_;
    Deadline deadline_;
    std::vector<net::IpAddress> own_public_;
    Survey found_;
};

}  // namespace

std::optional<dns::Domain> full_host_name(std::string_view system_name, std::string_view hosts) {
    if (auto name = as_full_name(system_name)) return name;
    std::istringstream lines{std::string(hosts)};
    for (std::string line; std::getline(lines, line);) {
        const auto words = words_of(line);
        const auto is_ours = [&](const std::string& word) { return iequals(word, system_name); };
        if (std::none_of(words.begin(), words.end(), is_ours)) continue;
        for (std::size_t i = 1; i < words.size(); ++i) {
            if (auto name = as_full_name(words[i])) return name;
        }
    }
    return std::nullopt;
}

awaitable<Survey> survey(SurveyQuestion question, dns::Resolver& resolver, Deadline deadline) {
    Surveyor surveyor(std::move(question), resolver, deadline);
    co_return co_await surveyor.run();
}

}  // namespace outpost::cli
