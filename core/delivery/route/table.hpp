// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/delivery/interface/policy_mode.hpp"
#include "core/delivery/interface/verdict.hpp"
#include "core/foundation/base/result.hpp"
#include "core/mail/message/address.hpp"

/// Which transport carries a recipient, at one attempt. Pure: facts in, decision and its reasons
/// out.
namespace outpost::route {

/// A domain pattern: "example.org" (exact), ".example.org" (strict subdomains), "*" (any, but not
/// the empty domain), "." (the empty domain: null sender, address literal), "!" before any of them.
class DomainPattern {
  public:
    static Result<DomainPattern> parse(std::string_view text);
    bool negated() const noexcept { return negated_; }
    /// Whether the pattern itself covers `domain`, leaving negation aside.
    bool covers(const dns::Domain& domain) const noexcept;
    const std::string& text() const noexcept { return text_; }
    enum class Kind { exact, below, any, none };
    Kind kind() const noexcept { return kind_; }
    /// Of `exact` and `below`; else empty.
    const dns::Domain& domain() const noexcept { return domain_; }

  private:
    Kind kind_ = Kind::any;
    bool negated_ = false;
    dns::Domain domain_;
    std::string text_;
};
/// A list matches when no negated entry covers the domain and a plain one does (or there are only
/// negated ones). An empty list matches everything.
bool matches(const std::vector<DomainPattern>& list, const dns::Domain& domain) noexcept;

/// What to do with a recipient whose final reply a crash has swallowed.
enum class OnUncertain { resend, hold, assume_delivered };
std::string_view text(OnUncertain policy) noexcept;

struct HeaderCondition {
    std::string name;
    std::string contains;  ///< substring without regard to case; empty: the field exists
};

/// One route: all conditions that are set must hold.
struct Route {
    std::string name;  ///< for people; may be empty
    std::vector<DomainPattern> from_domains, to_domains, mx_suffixes;
    std::vector<std::string> accounts;  ///< exact
    std::vector<std::string> senders;  ///< whole addresses, or "@domain" parts as typed, lower case
    std::optional<int> min_attempts, max_attempts;  ///< attempts already completed
    std::vector<std::string>
        last_errors;  ///< ErrorKind names, or enhanced codes ("4.7.1", "4.7", "5")
    std::optional<std::uint64_t> min_size, max_size;  ///< octets
    std::optional<HeaderCondition> header;
    std::vector<std::string> tags;
    std::vector<std::string> transports;  ///< never empty: first choice and fallbacks
    OnUncertain on_uncertain = OnUncertain::resend;
    delivery::PolicyModes policies;  ///< for direct delivery
};

/// What is known of a recipient when it is to be routed.
struct Facts {
    std::string account;
    mail::Address sender;
    mail::Address recipient;
    int attempts = 0;  ///< completed
    delivery::ErrorKind last_error = delivery::ErrorKind::none;
    std::string last_status;  ///< enhanced code of the last failure, may be empty
    std::uint64_t size = 0;
    std::string tag;
    /// Value of a header field of the message, by name. May be empty (then header conditions fail).
    std::function<std::optional<std::string>(std::string_view)> header;
    /// Names of the recipient domain's MX hosts, none for an address literal; unset: not known, and
    /// a route that depends on them leaves the decision open.
    std::optional<std::vector<std::string>> mx_hosts;
};

enum class List { account, domain, global, none, override_ };
std::string_view text(List list) noexcept;

/// One route that was looked at, and the first of its conditions that failed (empty: it matched).
struct TraceEntry {
    List list = List::global;
    std::size_t index = 0;  ///< from 1, within its list
    std::string route;      ///< its name
    std::string failed;     ///< "to: example.org is not covered by .example.net"
};
struct Decision {
    List list = List::none;  ///< none: nothing matched, the default transport is used
    std::size_t index = 0;
    std::string route;
    std::vector<std::string> transports;
    OnUncertain on_uncertain = OnUncertain::resend;
    delivery::PolicyModes policies;
    /// The route named here would match if only the MX hosts were known: nothing is decided, there
    /// are no transports, and the recipient has to wait.
    bool open = false;
    std::size_t looked_at = 0;      ///< routes, the chosen one included
    std::vector<TraceEntry> trace;  ///< what was looked at, in order: as much as Trace says
    /// "global route 2 'bulk' -> [smarthost, direct]: ..." one line for attempt rows.
    std::string reason() const;
};

class RouteList;

/// Routes by owner. Account and domain lists are looked up by the caller's maps.
struct RouteLists {
    const RouteList* account = nullptr;
    const RouteList* domain = nullptr;  ///< of the sender's domain
    const RouteList* global = nullptr;
};
/// How much a decision tells: the last routes that were passed over, as attempt rows have it, or
/// all of them, which takes as long as there are routes.
enum class Trace { nearest, whole };
/// Account list, then domain list, then global list; in each the first match wins; nothing matches:
/// transport "direct". A route whose other conditions hold, and whose MX condition cannot be
/// judged, is not passed over: that might send mail another way for a lookup that failed.
Decision decide(const RouteLists& lists, const Facts& facts, Trace trace = Trace::nearest);
/// Whether any route asks for MX hosts: only then must the caller look them up first.
bool needs_mx(const RouteLists& lists) noexcept;
/// Whether any route asks for a field of the header.
bool needs_header(const RouteLists& lists) noexcept;

}  // namespace outpost::route
