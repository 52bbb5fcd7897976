// SPDX-License-Identifier: Apache-2.0
#include "core/mail/authentication/dmarc_record.hpp"

#include <algorithm>

#include "core/foundation/base/encoding.hpp"

namespace outpost::authentication {
namespace {

struct Tag {
    std::string_view name, value;
};

/// Removes the first tag from `text` and returns it. Without "=" all of it is the name.
Tag take_tag(std::string_view& text) {
    const auto end = std::min(text.find(';'), text.size());
    const auto tag = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const auto equals = std::min(tag.find('='), tag.size());
    const auto value = tag.substr(std::min(equals + 1, tag.size()));
    return {trim(tag.substr(0, equals)), trim(value)};
}

std::optional<DmarcPolicy> policy_named(std::string_view name) {
    for (const auto policy : {DmarcPolicy::none, DmarcPolicy::quarantine, DmarcPolicy::reject}) {
        if (iequals(name, text(policy))) return policy;
    }
    return std::nullopt;
}

Alignment alignment_named(std::string_view name) {
    return iequals(name, "s") ? Alignment::strict : Alignment::relaxed;
}

/// Whether a rua= has a URI of a scheme that reports can be sent to.
bool asks_for_reports(std::string_view value) {
    const auto lower = to_lower(value);
    return lower.find("mailto:") != std::string::npos || lower.find("https:") != std::string::npos;
}

/// The tags that matter, before anything is decided.
struct Tags {
    std::optional<DmarcPolicy> policy, subdomain_policy;
    bool bad_policy = false;  ///< p= or sp= has an invalid value
    bool reports = false;
    DmarcRecord record;

    void note(const Tag& tag) {
        if (iequals(tag.name, "p")) note_policy(tag.value, policy);
        if (iequals(tag.name, "sp")) note_policy(tag.value, subdomain_policy);
        if (iequals(tag.name, "adkim")) record.dkim = alignment_named(tag.value);
        if (iequals(tag.name, "aspf")) record.spf = alignment_named(tag.value);
        if (iequals(tag.name, "rua")) reports = asks_for_reports(tag.value);
    }
    void note_policy(std::string_view value, std::optional<DmarcPolicy>& place) {
        place = policy_named(value);
        bad_policy = bad_policy || !place;
    }
};

}  // namespace

std::string_view text(DmarcPolicy policy) noexcept {
    switch (policy) {
        case DmarcPolicy::none:
            return "none";
        case DmarcPolicy::quarantine:
            return "quarantine";
        case DmarcPolicy::reject:
            return "reject";
    }
    return "";
}

bool is_dmarc_record(std::string_view text) noexcept {
    const auto first = take_tag(text);
    return iequals(first.name, "v") && first.value == "DMARC1";
}

Result<DmarcRecord> parse_dmarc_record(std::string_view text) {
    if (!is_dmarc_record(text)) return Err("it does not begin with v=DMARC1");
    Tags tags;
    while (!text.empty())
        tags.note(take_tag(text));
    if (tags.policy && !tags.bad_policy) {
        tags.record.policy = *tags.policy;
        tags.record.subdomain_policy = tags.subdomain_policy;
    } else if (!tags.reports) {
        return Err("it has no usable policy");
    }
    return tags.record;
}

}  // namespace outpost::authentication
