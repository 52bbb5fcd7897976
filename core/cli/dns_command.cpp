// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>

#include <iostream>
#include <utility>

#include "core/cli/commands.hpp"
#include "core/foundation/async/run_to_end.hpp"
#include "core/foundation/base/encoding.hpp"
#include "core/foundation/base/log.hpp"
#include "core/net/dns/stub_resolver.hpp"
#include "core/net/dns/type_name.hpp"

namespace outpost::cli {
namespace {

using nlohmann::json;
using Outcome = Result<dns::Answer, dns::Failure>;

std::string_view name_of(dns::Failure::Kind kind) {
    using Kind = dns::Failure::Kind;
    switch (kind) {
        case Kind::timeout:
            return "timeout";
        case Kind::servfail:
            return "servfail";
        case Kind::refused:
            return "refused";
        case Kind::bogus:
            return "bogus";
        case Kind::malformed:
            return "malformed";
        case Kind::network:
            return "network";
        case Kind::cname_loop:
            break;
    }
    return "cname_loop";
}

/// The data of a record as a zone file would have it, as far as a program needs.
std::string data_of(const dns::Record& record) {
    switch (record.type) {
        case dns::Type::mx:
            return fmt::format("{} {}.", record.preference, record.text);
        case dns::Type::cname:
        case dns::Type::ns:
        case dns::Type::ptr:
            return record.text + ".";
        case dns::Type::tlsa: {
            if (record.text.size() < 3) return hex_encode(record.text);
            const auto field = [&](std::size_t at) {
                return static_cast<unsigned>(static_cast<unsigned char>(record.text[at]));
            };
            return fmt::format(
                "{} {} {} {}", field(0), field(1), field(2), hex_encode(record.text.substr(3))
            );
        }
        default:
            return log::printable(record.text);
    }
}

Outcome look_up(const server::Settings& settings, const dns::Question& question) {
    asio::io_context loop;
    const auto resolver = dns::make_resolver(settings.dns);
    return run_to_end(loop, resolver->query(question, Deadline::in(std::chrono::seconds(30))));
}

json extended_error(const dns::Failure& said) {
    if (said.extended_error < 0) return nullptr;
    return {
        {"code", said.extended_error},
        {"reason", said.reason_code()},
        {"text", log::printable(said.extended_text)}
    };
}

/// The same names as in a failure, for one way of printing.
dns::Failure said_of(const dns::Answer& answer) {
    return {dns::Failure::Kind::servfail, {}, answer.extended_error, answer.extended_text};
}

json to_json(const dns::Question& question, const std::string& type, const Outcome& outcome) {
    json out = {{"name", question.name}, {"type", type}};
    if (!outcome) {
        const dns::Failure& failure = outcome.error();
        out["status"] = name_of(failure.kind);
        out["security"] = failure.is_dnssec() ? json("bogus") : json(nullptr);
        out["error"] = failure.text;
        out["extended_error"] = extended_error(failure);
        return out;
    }
    out["status"] = outcome->nxdomain ? "nxdomain" : outcome->records.empty() ? "nodata" : "ok";
    out["security"] = dns::text(outcome->security);
    out["canonical_name"] = outcome->canonical_name;
    out["ttl"] = outcome->ttl.count();
    out["records"] = json::array();
    for (const dns::Record& record : outcome->records)
        out["records"].push_back(data_of(record));
    out["extended_error"] = extended_error(said_of(*outcome));
    return out;
}

void print_extended_error(const dns::Failure& said) {
    if (said.extended_error < 0) return;
    std::cout << "; " << said.reason_code();
    if (!said.extended_text.empty()) std::cout << ": " << log::printable(said.extended_text);
    std::cout << "\n";
}

void print(const dns::Question& question, const std::string& type, const Outcome& outcome) {
    if (!outcome) {
        const dns::Failure& failure = outcome.error();
        std::cout << "; " << (failure.is_dnssec() ? "bogus" : name_of(failure.kind)) << ": "
                  << failure.text << "\n";
        print_extended_error(failure);
        return;
    }
    if (outcome->followed_cname)
        std::cout << question.name << " is an alias of " << outcome->canonical_name << "\n";
    for (const dns::Record& record : outcome->records) {
        std::cout << fmt::format(
            "{}. {} {} {}\n", outcome->canonical_name, outcome->ttl.count(), type, data_of(record)
        );
    }
    if (outcome->nxdomain) std::cout << "; the name does not exist (NXDOMAIN)\n";
    if (!outcome->nxdomain && outcome->records.empty())
        std::cout << "; the name has no such record (NODATA)\n";
    std::cout << "; " << dns::text(outcome->security) << "\n";
    print_extended_error(said_of(*outcome));
}

}  // namespace

int dns_lookup(const server::Loaded& loaded, const LookupOptions& options) {
    const auto type = dns::parse_type(options.type);
    if (!type) {
        std::cerr << "outpost dns lookup: '" << options.type << "' is no type that it knows\n";
        return usage;
    }
    const dns::Question question{options.name, *type};
    const Outcome outcome = look_up(loaded.settings, question);
    if (options.as_json)
        std::cout << to_json(question, options.type, outcome).dump() << "\n";
    else
        print(question, options.type, outcome);
    return outcome ? ok : failed;
}

}  // namespace outpost::cli
