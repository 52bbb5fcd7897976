// SPDX-License-Identifier: Apache-2.0
#include "core/mail/authentication/field.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/foundation/base/encoding.hpp"
#include "core/foundation/base/safe_text.hpp"

namespace outpost::authentication {
namespace {

constexpr std::string_view field_name = "Authentication-Results";
constexpr std::size_t fold_column = 78, longest_value = 255, longest_reason = 160;
constexpr std::size_t signature_octets = 8;  ///< of b= in base64 (RFC 6008 section 4)

/// A token of RFC 2045 section 5.1, or a quoted-string that says the same.
std::string value_text(std::string_view stranger) {
    constexpr std::string_view specials = "()<>@,;:\\\"/[]?= ";
    const auto safe = safe_text(stranger, Charset::ascii, longest_value);
    if (!safe.empty() && safe.find_first_of(specials) == std::string::npos) return safe;
    std::string quoted = "\"";
    for (const char c : safe) {
        if (c == '"' || c == '\\') quoted += '\\';
        quoted += c;
    }
    return quoted + '"';
}

/// Text within a comment (RFC 5322 section 3.2.2): nothing that ends, nests or escapes.
std::string comment_text(std::string_view stranger) {
    auto safe = safe_text(stranger, Charset::ascii, longest_reason);
    std::replace_if(
        safe.begin(), safe.end(), [](char c) { return c == '(' || c == ')' || c == '\\'; }, '?'
    );
    return safe;
}

/// One result after another, each on lines of its own.
class Field {
  public:
    explicit Field(std::string_view authserv_id)
        : text_(fmt::format("{}: {}", field_name, value_text(authserv_id))) {}

    void result(std::string_view method, std::string_view status) {
        text_ += ";\r\n";
        column_ = 0;
        add(fmt::format("{}={}", method, status));
    }
    /// Left out when there is no value.
    void property(std::string_view name, std::string_view value) {
        if (!value.empty()) add(fmt::format("{}={}", name, value_text(value)));
    }
    void comment(dns::Security security, std::string_view reason) {
        const auto dnssec = fmt::format("(dnssec: {}", dns::text(security));
        add(reason.empty() ? dnssec + ")" : fmt::format("{}; {})", dnssec, comment_text(reason)));
    }
    std::string finish() && { return std::move(text_) + "\r\n"; }

  private:
    void add(const std::string& clause) {
        if (column_ != 0 && column_ + 1 + clause.size() >= fold_column) {
            text_ += "\r\n";
            column_ = 0;
        }
        text_ += ' ' + clause;
        column_ += 1 + clause.size();
    }

    std::string text_;
    std::size_t column_ = 0;
};

void show(Field& field, const IprevResult& iprev) {
    field.result("iprev", text(iprev.status));
    field.property("policy.iprev", iprev.address.to_string());
    field.comment(iprev.security, iprev.name.empty() ? iprev.reason : iprev.name);
}

void show(Field& field, const spf::Outcome& spf) {
    field.result("spf", text(spf.status));
    field.property(spf.identity == spf::Identity::helo ? "smtp.helo" : "smtp.mailfrom", spf.domain);
    field.comment(spf.security, spf.reason.empty() ? spf.mechanism : spf.reason);
}

/// Warns when a pass is worth less than it seems.
std::string remark(const dkim::SignatureResult& result) {
    if (!result.passed()) return result.reason;
    auto key = fmt::format("{} bits", result.key_bits);
    if (result.testing) key += ", the domain only tests";
    if (!result.whole_body) key += ", not all of the body is signed";
    return key;
}

void show(Field& field, const dkim::SignatureResult& result) {
    field.result("dkim", text(result.status));
    if (const auto& signature = result.signature) {
        field.property("header.d", signature->domain.ascii());
        field.property("header.s", signature->selector);
        field.property("header.a", text(signature->algorithm));
        field.property("header.b", base64_encode(signature->value).substr(0, signature_octets));
    }
    field.comment(result.key_security, remark(result));
}

void show(Field& field, const DmarcResult& dmarc) {
    field.result("dmarc", text(dmarc.status));
    field.property("header.from", dmarc.from.ascii());
    if (dmarc.policy) field.property("policy.dmarc", text(*dmarc.policy));
    field.comment(dmarc.security, dmarc.reason);
}

/// Whether a reader could take the field for ours. When in doubt, yes: an authserv-id may be
/// quoted, escaped and surrounded by comments.
bool names_us(const mail::HeaderField& field, std::string_view authserv_id) {
    auto value = to_lower(field.value());
    std::erase_if(value, [](char c) { return c == '"' || c == '\\'; });
    return iequals(field.name, field_name) && value.find(to_lower(authserv_id)) != value.npos;
}

}  // namespace

std::string results_field(std::string_view authserv_id, const Verdicts& verdicts) {
    Field field(authserv_id);
    show(field, verdicts.iprev);
    show(field, verdicts.helo);
    if (verdicts.mail_from) show(field, *verdicts.mail_from);
    if (verdicts.dkim.empty()) field.result("dkim", "none");
    const auto shown = std::min(verdicts.dkim.size(), most_signatures_shown);
    for (std::size_t i = 0; i < shown; ++i)
        show(field, verdicts.dkim[i]);
    show(field, verdicts.dmarc);
    return std::move(field).finish();
}

void erase_forged_results(mail::Header& header, std::string_view authserv_id) {
    header.erase_if([&](const mail::HeaderField& field) { return names_us(field, authserv_id); });
}

}  // namespace outpost::authentication
