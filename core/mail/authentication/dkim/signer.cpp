// SPDX-License-Identifier: Apache-2.0
#include "core/mail/authentication/dkim/signer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <stdexcept>

#include "core/foundation/base/encoding.hpp"

namespace outpost::dkim {
namespace {

std::set<std::string> lower_case(const std::vector<std::string>& names) {
    std::set<std::string> out;
    for (const auto& name : names)
        out.insert(to_lower(name));
    return out;
}

/// h=: each field as often as it occurs, the oversigned ones once more.
std::vector<std::string> headers_of(const DomainSettings& settings, const mail::Header& header) {
    std::map<std::string, std::size_t> there;
    for (const auto field : header)
        ++there[to_lower(field.name)];
    const auto oversigned = lower_case(settings.oversigned);
    std::vector<std::string> names = settings.headers;
    names.insert(names.end(), settings.oversigned.begin(), settings.oversigned.end());
    names.insert(names.begin(), "From");  // whatever is configured (RFC 6376 section 5.4)
    std::set<std::string> done;
    std::vector<std::string> headers;
    for (const auto& name : names) {
        const auto key = to_lower(name);
        if (!done.insert(key).second) continue;
        const bool once_more = key == "from" || oversigned.contains(key);
        headers.insert(headers.end(), there[key] + (once_more ? 1 : 0), name);
    }
    return headers;
}

std::string body_digest(Canonicalization form, const std::vector<std::string>& body) {
    BodyHash hash(form);
    for (const auto& piece : body)
        hash.feed(piece);
    return hash.finish();
}

std::uint64_t seconds_of(WallTime time) {
    return static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count()
    );
}

bool signs_by_rsa(const Signer::Domains::value_type& domain) {
    const auto selectors = domain.second.signing();
    return std::any_of(selectors.begin(), selectors.end(), [&](const std::string& selector) {
        const auto& key = domain.second.keys.at(selector);
        return key && key->algorithm() == Algorithm::rsa_sha256;
    });
}

mail::Address first_author(const mail::Header& header) {
    const auto from = header.find("From");
    if (!from) return {};
    const auto list = mail::parse_address_list(from->raw_value);
    if (list.addresses.empty()) return {};
    return mail::Address::parse(list.addresses.front()).value_or(mail::Address());
}

}  // namespace

// What readers are shown, and what says how to read the body. Not List-* or Resent-*: those are
// rightly added on the way.
const std::vector<std::string>& default_oversigned() {
    static const std::vector<std::string> names{
        "From",
        "Sender",
        "Reply-To",
        "To",
        "Cc",
        "Subject",
        "Date",
        "Message-ID",
        "In-Reply-To",
        "References",
        "MIME-Version",
        "Content-Type",
        "Content-Transfer-Encoding"
    };
    return names;
}

const std::vector<std::string>& default_headers() {
    static const std::vector<std::string> names = [] {
        auto all = default_oversigned();
        all.insert(
            all.end(),
            {"Content-Disposition", "Auto-Submitted", "Resent-Date", "Resent-From", "Resent-Sender",
             "Resent-To", "Resent-Cc", "Resent-Message-ID", "List-Id", "List-Help",
             "List-Unsubscribe", "List-Unsubscribe-Post", "List-Subscribe", "List-Post",
             "List-Owner", "List-Archive", "TLS-Report-Domain", "TLS-Report-Submitter"}
        );
        return all;
    }();
    return names;
}

std::vector<std::string> DomainSettings::signing() const {
    if (!sign.empty()) return sign;
    std::vector<std::string> all;
    for (const auto& [selector, key] : keys)
        all.push_back(selector);
    return all;
}

std::string sign_as(
    const dns::Domain& domain, const DomainSettings& settings, const mail::Header& header,
    const std::vector<std::string>& body, WallTime now
) {
    Signature signature;
    signature.domain = domain;
    signature.header = settings.header;
    signature.body = settings.body;
    signature.headers = headers_of(settings, header);
    signature.body_hash = body_digest(settings.body, body);
    signature.signed_at = seconds_of(now);
    if (settings.expires_after.count() > 0)
        signature.expires_at = seconds_of(now + settings.expires_after);
    std::string fields;
    for (const auto& selector : settings.signing()) {
        const auto& key = settings.keys.at(selector);
        if (!key) throw std::logic_error("the key " + selector + " was not read");
        signature.selector = selector;
        signature.algorithm = key->algorithm();
        signature.value.clear();
        signature.value = key->sign(header_digest(header, signature, signature_field(signature)));
        fields += signature_field(signature);
    }
    return fields;
}

std::string signed_by(const dns::Domain& domain, const DomainSettings& settings) {
    return fmt::format("{} {}", domain.ascii(), fmt::join(settings.signing(), " "));
}

Signer::Signer(Domains domains, Permission may_use)
    : domains_(std::move(domains)),
      may_use_(std::move(may_use)),
      uses_rsa_(std::any_of(domains_.begin(), domains_.end(), signs_by_rsa)) {}

const Signer::Domains::value_type* Signer::nearest(
    const std::string& account, const mail::Address& address
) const {
    if (address.domain().empty()) return nullptr;
    for (std::string_view rest = address.domain().ascii(); !rest.empty();) {
        const auto domain = dns::Domain::parse(rest);
        const auto found = domain ? domains_.find(*domain) : domains_.end();
        if (found != domains_.end()) return may_use_(account, address) ? &*found : nullptr;
        const auto dot = rest.find('.');
        rest = dot == rest.npos ? std::string_view() : rest.substr(dot + 1);
    }
    return nullptr;
}

const Signer::Domains::value_type* Signer::signer_of(
    const mail::Header& header, const std::string& account, const mail::Address& mail_from
) const {
    const auto* author = nearest(account, first_author(header));
    return author != nullptr ? author : nearest(account, mail_from);
}

Signed Signer::sign(const Unsigned& message) const {
    const auto* found = signer_of(message.header, message.account, message.mail_from);
    if (found == nullptr) return {};
    const auto& [domain, settings] = *found;
    return {
        sign_as(domain, settings, message.header, message.body, message.now),
        signed_by(domain, settings)
    };
}

}  // namespace outpost::dkim
