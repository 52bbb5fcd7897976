// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "core/delivery/route/table.hpp"
#include "core/foundation/base/safe_text.hpp"

namespace outpost::route {

Result<DomainPattern> DomainPattern::parse(std::string_view text) {
    DomainPattern pattern;
    pattern.text_ = safe_text(text, Charset::utf8, 512);
    if (text.starts_with('!')) {
        pattern.negated_ = true;
        text.remove_prefix(1);
    }
    if (text == "*") {
        pattern.kind_ = Kind::any;
        return pattern;
    }
    if (text == ".") {
        pattern.kind_ = Kind::none;
        return pattern;
    }
    pattern.kind_ = text.starts_with('.') ? Kind::below : Kind::exact;
    if (pattern.kind_ == Kind::below) text.remove_prefix(1);
    auto domain = dns::Domain::parse(text);
    if (!domain) {
        return Err(fmt::format(
            "{}; a pattern is a domain, \".domain\" for its subdomains, \"*\" for any, "
            "or \".\" for none, with \"!\" before it to exclude",
            domain.error()
        ));
    }
    pattern.domain_ = *std::move(domain);
    return pattern;
}

bool DomainPattern::covers(const dns::Domain& domain) const noexcept {
    switch (kind_) {
        case Kind::exact:
            return domain == domain_;
        case Kind::below:
            return domain.is_below(domain_);
        case Kind::any:
            return !domain.empty();
        case Kind::none:
            return domain.empty();
    }
    return false;
}

bool matches(const std::vector<DomainPattern>& list, const dns::Domain& domain) noexcept {
    const auto covers = [&](const DomainPattern& pattern) { return pattern.covers(domain); };
    bool has_plain = false, plain_covers = false;
    for (const auto& pattern : list) {
        if (pattern.negated() && covers(pattern)) return false;
        if (pattern.negated()) continue;
        has_plain = true;
        plain_covers = plain_covers || covers(pattern);
    }
    return plain_covers || !has_plain;
}

}  // namespace outpost::route
