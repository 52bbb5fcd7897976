// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "core/foundation/base/encoding.hpp"
#include "core/foundation/config/suggest.hpp"
#include "core/server/settings/builtin.hpp"
#include "core/server/settings/settings_types.hpp"

namespace outpost::server {
namespace {

using config::list_of;
using route::Route;

config::Type<route::DomainPattern> pattern() {
    return config::parsed<route::DomainPattern>(
        "a domain pattern", route::DomainPattern::parse,
        [](const route::DomainPattern& pattern) { return pattern.text(); }
    );
}

Result<std::string> parse_sender(std::string_view text) {
    if (text == "<>") return std::string(text);
    if (text.starts_with('@')) {
        const auto domain = dns::Domain::parse(text.substr(1));
        if (!domain) return Err{domain.error()};
        return "@" + domain->ascii();
    }
    const auto address = mail::Address::parse(text);
    if (!address) return Err{address.error()};
    return to_lower(address->unicode());
}

config::Type<std::string> sender() {
    return config::parsed<std::string>(
        "a sender address, @domain or <>", parse_sender,
        [](const std::string& text) { return text; }
    );
}

bool is_number_up_to_999(std::string_view part) {
    return !part.empty() && part.size() <= 3 &&
           std::all_of(part.begin(), part.end(), [](char c) { return c >= '0' && c <= '9'; });
}

/// "4", "4.7" or "4.7.1" (RFC 3463), or the beginning of a status of class 2, 4 or 5.
bool is_status_prefix(std::string_view text) {
    if (text.empty() || (text[0] != '4' && text[0] != '5')) return false;
    int dots = 0;
    for (auto dot = text.find('.'); dot != text.npos; dot = text.find('.')) {
        if (++dots > 2 || !is_number_up_to_999(text.substr(0, dot))) return false;
        if (dots == 1 && dot != 1) return false;
        text.remove_prefix(dot + 1);
    }
    return dots == 0 ? text.size() == 1 : is_number_up_to_999(text);
}

/// Names of error kinds, as delivery::text gives them.
std::vector<std::string> error_kinds() {
    std::vector<std::string> names;
    for (int kind = 0; kind <= static_cast<int>(delivery::ErrorKind::crash); ++kind) {
        names.emplace_back(delivery::to_string(static_cast<delivery::ErrorKind>(kind)));
    }
    return names;
}

config::Type<std::string> last_error() {
    const std::vector<std::string> kinds = error_kinds();
    // Without quotes, 4.7 is a number to YAML.
    const auto schema = config::Schema::parse(fmt::format(
        R"({{"title": "kind of error or status", "anyOf": [
            {{"enum": ["{}"]}},
            {{"type": "string", "pattern": "^[45](\\.[0-9]{{1,3}}){{0,2}}$"}},
            {{"type": "number", "minimum": 4, "exclusiveMaximum": 6}}
        ]}})",
        fmt::join(kinds, R"(", ")")
    ));
    const auto read =
        [kinds](config::Reader& reader, const config::Node& node, std::string& value) {
            if (node.kind != config::Node::Kind::scalar)
                return reader.expected("a kind of error or a status like 4.7.1", node);
            const bool known =
                delivery::parse_error_kind(node.text).has_value() || is_status_prefix(node.text);
            if (!known) {
                return reader.error(
                    node.at,
                    config::describe(node) + " is neither a kind of error nor a status like 4.7.1",
                    config::did_you_mean(node.text, kinds)
                );
            }
            value = node.text;
        };
    return config::custom<std::string>(schema, read, [](const std::string& value) {
        return value;
    });
}

config::Type<Route> attempts() {
    return config::stored_as<Route, config::Range>(
        config::range(config::RangeOf::counts),
        [](Route& route, const config::Range& range) {
            route.min_attempts =
                range.least ? std::optional<int>(static_cast<int>(*range.least)) : std::nullopt;
            route.max_attempts =
                range.most ? std::optional<int>(static_cast<int>(*range.most)) : std::nullopt;
        },
        [](const Route& route) {
            config::Range range;
            if (route.min_attempts) range.least = static_cast<std::uint64_t>(*route.min_attempts);
            if (route.max_attempts) range.most = static_cast<std::uint64_t>(*route.max_attempts);
            return range;
        }
    );
}

config::Type<Route> message_size() {
    return config::stored_as<Route, config::Range>(
        config::range(config::RangeOf::sizes),
        [](Route& route, const config::Range& range) {
            route.min_size = range.least;
            route.max_size = range.most;
        },
        [](const Route& route) { return config::Range{route.min_size, route.max_size}; }
    );
}

/// How one policy acts on a route's mail.
config::Type<Route> policy_of_route(
    const std::string& policy, config::Type<delivery::PolicyMode> mode
) {
    using Mode = std::optional<delivery::PolicyMode>;
    return config::stored_as<Route, Mode>(
        config::maybe(std::move(mode)),
        [policy](Route& route, const Mode& mode) { route.policies.set(policy, mode); },
        [policy](const Route& route) { return route.policies.of(policy); }
    );
}

config::Type<route::HeaderCondition> header() {
    return config::Spec<route::HeaderCondition>(
               "header", "A condition on one field of the message's header."
    )
        .required(
            "name", &route::HeaderCondition::name,
            config::words({.longest = 100, .title = "a field name"}),
            "Name of the field, such as `List-Id`."
        )
        .key(
            "contains", &route::HeaderCondition::contains, config::words(),
            "Text that its value must contain, in upper or lower case. Without it the field must "
            "exist."
        )
        .type();
}

config::Type<route::OnUncertain> on_uncertain() {
    using route::OnUncertain;
    return config::one_of<OnUncertain>(
        {{"resend", OnUncertain::resend, "try again, at the risk of a duplicate"},
         {"hold", OnUncertain::hold, "wait for a person to decide"},
         {"assume_delivered", OnUncertain::assume_delivered, "risk a loss rather than a duplicate"}}
    );
}

}  // namespace

config::Type<Route> route_type() {
    config::Spec<Route> spec(
        "route",
        "Chooses the transport of a recipient, anew at each attempt. All conditions given "
        "must hold; "
        "the first route that matches wins, in the lists of the account, of the sender's "
        "domain, and "
        "of all mail, in this order. Where nothing matches, the transport is `direct`. "
        "Domain patterns: "
        "`example.org` (that name), `.example.org` (what is below it), `\"*\"` (any), `.` "
        "(none: null "
        "sender, address literal); `!` before a pattern excludes what it covers. `*` and "
        "`!` need quotes."
    );
    spec.key(
            "name", &Route::name, config::words({.longest = 100}),
            "For people: it appears in every attempt's record."
    )
        .key("from", &Route::from_domains, list_of(pattern()), "The sender's domain.")
        .key("to", &Route::to_domains, list_of(pattern()), "The recipient's domain.")
        .key(
            "mx", &Route::mx_suffixes, list_of(pattern()),
            "Host names of the recipient domain's MX: `.google.com` is all that is hosted there."
        )
        .key(
            "account", &Route::accounts, list_of(config::words()),
            "The account that submitted the message."
        )
        .key(
            "sender", &Route::senders, list_of(sender()),
            "The sender's address, `@domain`, or `<>`."
        )
        .key(
            "attempts", config::itself, attempts(),
            "Attempts made so far: `3..` is from the fourth on, `0` the first."
        )
        .key(
            "last_error", &Route::last_errors, list_of(last_error()),
            "What the last attempt failed with: a kind of error (`connect`, `dns`, `timeout`, "
            "`tls`, `auth`, "
            "`protocol`, `policy`, `reply_4xx`, `reply_5xx`, ...) or the beginning of an enhanced "
            "status (`4.7`)."
        )
        .key("size", config::itself, message_size(), "Size of the message: `10MiB..`, `..64KiB`.")
        .key("tag", &Route::tags, list_of(config::words()), "The tag given at submission.")
        .key("header", &Route::header, config::maybe(header()), "A field of the message's header.")
        .required(
            "transport", &Route::transports, list_of(config::words()),
            "The transport, or a list: the next one is tried within the same attempt when the one "
            "before "
            "cannot be reached at all."
        )
        .key(
            "uncertain", &Route::on_uncertain, on_uncertain(),
            "What becomes of recipients whose final reply was lost in a crash."
        );
    for (const auto& kind : policy_kinds()) {
        spec.key(
            kind->key(), config::itself, policy_of_route(kind->key(), kind->mode_type()),
            kind->route_doc()
        );
    }
    return spec
        .check([](config::Reader& reader, const config::Node& node, const Route& route) {
            const config::Node* transport = node.find("transport");
            if (transport && route.transports.empty())
                reader.error(transport->at, "names no transport");
        })
        .type();
}

}  // namespace outpost::server
