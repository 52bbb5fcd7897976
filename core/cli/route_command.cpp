// SPDX-License-Identifier: Apache-2.0
#include <asio/io_context.hpp>

#include <iostream>

#include "core/cli/commands.hpp"
#include "core/delivery/next_hop/next_hop.hpp"
#include "core/delivery/queue/load.hpp"
#include "core/delivery/route/explain.hpp"
#include "core/delivery/route/list.hpp"
#include "core/foundation/async/run_to_end.hpp"
#include "core/foundation/database/session.hpp"
#include "core/mail/message/header.hpp"
#include "core/net/dns/stub_resolver.hpp"

namespace outpost::cli {
namespace {

const db::Statement find_recipients{"explain_recipients", R"(
    SELECT address, attempts, last_error, last_status, transport_override
    FROM outpost_private.recipient WHERE message_id = $1 ORDER BY number
)"};

/// The lists that apply to one account and sender.
class Lists {
  public:
    Lists(const server::Settings& settings, const route::Facts& facts) : global_(settings.routes) {
        const auto account = settings.accounts.find(facts.account);
        if (account != settings.accounts.end()) account_ = account->second.routes;
        const auto domain = settings.domains.find(facts.sender.domain().ascii());
        if (domain != settings.domains.end()) domain_ = domain->second.routes;
    }
    route::RouteLists all() const { return {&account_, &domain_, &global_}; }

  private:
    route::RouteList account_, domain_, global_;
};

using Hosts = std::optional<std::vector<std::string>>;

/// Nothing when the lookup failed for now; no hosts when the domain has none for good.
awaitable<Hosts> find_mx(dns::Resolver& resolver, const dns::Domain& domain) {
    const delivery::NextHopOptions options;
    const auto found = co_await delivery::find_hosts(
        resolver, domain, options, Deadline::in(std::chrono::seconds(15))
    );
    if (!found) std::cerr << "MX lookup: " << found.error().verdict.words() << "\n";
    Hosts hosts;
    if (found || found.error().verdict.kind() == delivery::Verdict::Kind::failed) hosts.emplace();
    if (found) {
        for (const auto& host : found->hosts)
            hosts->push_back(host.name);
    }
    co_return hosts;
}

Hosts look_up_mx(const server::Settings& settings, const dns::Domain& domain) {
    asio::io_context loop;
    const auto resolver = dns::make_resolver(settings.dns);
    return run_to_end(loop, find_mx(*resolver, domain));
}

void print_decision(const server::Settings& settings, route::Facts facts) {
    const Lists lists(settings, facts);
    if (route::needs_mx(lists.all()) && !facts.mx_hosts && !facts.recipient.domain().empty())
        facts.mx_hosts = look_up_mx(settings, facts.recipient.domain());
    std::cout << route::explain(route::decide(lists.all(), facts, route::Trace::whole));
}

Result<mail::Address> address(const std::string& text, const char* option) {
    if (text.empty() || text == "<>") return mail::Address();
    auto parsed = mail::Address::parse(text);
    return parsed ? parsed
                  : Result<mail::Address>(Err{std::string(option) + ": " + parsed.error()});
}

int explain_facts(const server::Settings& settings, const ExplainOptions& options) {
    const auto sender = address(options.from, "--from"), recipient = address(options.to, "--to");
    if (!sender || !recipient || recipient->is_null()) {
        std::cerr << "outpost route explain: "
                  << (!sender      ? sender.error()
                      : !recipient ? recipient.error()
                                   : "--to needs an address")
                  << "\n";
        return usage;
    }
    route::Facts facts;
    facts.account = options.account;
    facts.sender = *sender;
    facts.recipient = *recipient;
    facts.attempts = options.attempt - 1;
    facts.size = options.size;
    facts.tag = options.tag;
    facts.last_status = options.last_status;
    if (!options.last_error.empty()) {
        const auto kind = delivery::parse_error_kind(options.last_error);
        if (!kind) {
            std::cerr << "outpost route explain: --last-error '" << options.last_error
                      << "' is no kind of error\n";
            return usage;
        }
        facts.last_error = *kind;
    }
    std::string section;
    for (const std::string& line : options.headers)
        section += line + "\r\n";
    facts.header = [section](std::string_view name) -> std::optional<std::string> {
        const auto field = mail::find_field(section, name);
        return field ? std::optional(field->value()) : std::nullopt;
    };
    if (!options.mx_hosts.empty()) facts.mx_hosts = options.mx_hosts;
    print_decision(settings, std::move(facts));
    return ok;
}

int explain_queued(const server::Settings& settings, std::int64_t id) {
    db::Session session(settings.database);
    const auto message = queue::load_header(session, MessageId{id});
    if (!message) {
        std::cerr << "outpost route explain: there is no message " << id << "\n";
        return failed;
    }
    for (const db::Row row : session.exec(find_recipients, id)) {
        route::Facts facts;
        facts.account = message->account;
        facts.sender = message->mail_from;
        facts.recipient = mail::Address::parse(row.view(0)).value_or(mail::Address());
        facts.attempts = static_cast<int>(row.number(1));
        facts.last_error =
            delivery::parse_error_kind(row.view(2)).value_or(delivery::ErrorKind::none);
        facts.last_status = row.text(3);
        facts.size = message->size;
        facts.tag = message->tag;
        facts.header = [&message](std::string_view name) -> std::optional<std::string> {
            const auto field = mail::find_field(message->content->header(), name);
            return field ? std::optional(field->value()) : std::nullopt;
        };
        std::cout << row.text(0) << ", after " << facts.attempts << " attempts:\n";
        if (!row.view(4).empty())
            std::cout << "an operator has set transport " << row.text(4)
                      << ": routes do not count\n";
        print_decision(settings, std::move(facts));
    }
    return ok;
}

}  // namespace

int route_explain(const server::Loaded& loaded, const ExplainOptions& options) {
    return options.message != 0 ? explain_queued(loaded.settings, options.message)
                                : explain_facts(loaded.settings, options);
}

}  // namespace outpost::cli
