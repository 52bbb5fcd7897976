// SPDX-License-Identifier: Apache-2.0
#include "core/mail/authentication/dkim/signature.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>

#include "core/foundation/base/encoding.hpp"
#include "core/mail/authentication/dkim/tags.hpp"

namespace outpost::dkim {
namespace {

constexpr std::string_view key_label = "._domainkey.";
constexpr std::size_t digest_octets = 32;
constexpr std::size_t line_octets = 76;

/// Reads the tags one after the other; the first fault ends it.
class SignatureReader {
  public:
    explicit SignatureReader(const TagList& tags) : tags_(tags) {}

    Result<Signature, SignatureFault> read() {
        const bool good = read_version() && read_algorithm() && read_forms() && read_method() &&
                          read_names() && read_identity() && read_headers() && read_hashes() &&
                          read_times();
        if (!good) return Err{std::move(fault_)};
        return std::move(signature_);
    }

  private:
    using Kind = SignatureFault::Kind;

    bool refuse(std::string text, Kind kind = Kind::malformed) {
        fault_ = {kind, std::move(text)};
        return false;
    }
    bool missing(std::string_view name) { return refuse(fmt::format("it has no tag {}=", name)); }

    bool read_version() {
        const auto* version = tags_.find("v");
        if (version == nullptr) return missing("v");
        return version->value == "1" || refuse("its version (v=) is not 1");
    }

    bool read_algorithm() {
        const std::string name = to_lower(tags_.value_or("a", ""));
        if (name.empty()) return missing("a");
        if (name == "rsa-sha1") return refuse("rsa-sha1 has been withdrawn (RFC 8301)");
        if (name != text(Algorithm::rsa_sha256) && name != text(Algorithm::ed25519_sha256))
            return refuse("its algorithm (a=) is not known here", Kind::unsupported);
        signature_.algorithm =
            name == text(Algorithm::rsa_sha256) ? Algorithm::rsa_sha256 : Algorithm::ed25519_sha256;
        return true;
    }

    bool read_form(std::string_view name, Canonicalization& form) {
        if (name != "simple" && name != "relaxed")
            return refuse("its canonicalisation (c=) is not known here", Kind::unsupported);
        form = name == "simple" ? Canonicalization::simple : Canonicalization::relaxed;
        return true;
    }
    bool read_forms() {
        const std::string forms = to_lower(tags_.value_or("c", "simple"));
        const auto slash = forms.find('/');
        const std::string body = slash == forms.npos ? "simple" : forms.substr(slash + 1);
        return read_form(forms.substr(0, slash), signature_.header) &&
               read_form(body, signature_.body);
    }

    bool read_method() {
        for (const auto method : split_at_colons(tags_.value_or("q", "dns/txt"))) {
            if (iequals(method, "dns/txt") || iequals(method, "dns")) return true;
        }
        return refuse("its way to the key (q=) is not known here", Kind::unsupported);
    }

    /// d= and s= may be U-labels (RFC 8616 section 5); the key lies at the A-labels.
    bool read_names() {
        const auto* domain = tags_.find("d");
        const auto* selector = tags_.find("s");
        if (domain == nullptr) return missing("d");
        if (selector == nullptr) return missing("s");
        auto parsed = dns::Domain::parse(domain->value);
        if (!parsed) return refuse("d=: " + parsed.error());
        signature_.domain = std::move(*parsed);
        auto found = parse_selector(selector->value, signature_.domain);
        if (!found) return refuse("s= " + found.error());
        signature_.selector = std::move(*found);
        return true;
    }

    bool read_identity() {
        const auto* identity = tags_.find("i");
        if (identity == nullptr) return true;
        signature_.identity = without_space(identity->value);
        const auto at = signature_.identity.rfind('@');
        if (at == std::string::npos) return refuse("i= has no domain");
        const auto domain =
            dns::Domain::parse(std::string_view(signature_.identity).substr(at + 1));
        const bool within =
            domain && (*domain == signature_.domain || domain->is_below(signature_.domain));
        return within || refuse("i= is not within d=");
    }

    bool read_headers() {
        const auto* headers = tags_.find("h");
        if (headers == nullptr) return missing("h");
        for (const auto name : split_at_colons(headers->value)) {
            if (name.empty()) return refuse("h= has an empty name");
            signature_.headers.emplace_back(name);
        }
        const bool has_from = std::any_of(
            signature_.headers.begin(), signature_.headers.end(),
            [](const std::string& name) { return iequals(name, "From"); }
        );
        return has_from || refuse("h= is without From");
    }

    bool read_octets(std::string_view name, std::string& octets) {
        const auto* tag = tags_.find(name);
        if (tag == nullptr) return missing(name);
        auto decoded = base64_decode(without_space(tag->value));
        if (!decoded || decoded->empty()) return refuse(fmt::format("{}= is not base64", name));
        octets = std::move(*decoded);
        return true;
    }
    bool read_hashes() {
        if (!read_octets("bh", signature_.body_hash) || !read_octets("b", signature_.value))
            return false;
        return signature_.body_hash.size() == digest_octets || refuse("bh= is no SHA-256");
    }

    bool read_number(std::string_view name, std::optional<std::uint64_t>& number) {
        const auto* tag = tags_.find(name);
        if (tag == nullptr) return true;
        const auto digits = tag->value;
        std::uint64_t value = 0;
        const auto [end, error] =
            std::from_chars(digits.data(), digits.data() + digits.size(), value);
        if (error != std::errc() || end != digits.data() + digits.size())
            return refuse(fmt::format("{}= is no number", name));
        number = value;
        return true;
    }
    bool read_times() {
        if (!read_number("l", signature_.body_length) || !read_number("t", signature_.signed_at) ||
            !read_number("x", signature_.expires_at))
            return false;
        const bool backwards = signature_.signed_at && signature_.expires_at &&
                               *signature_.expires_at <= *signature_.signed_at;
        return !backwards || refuse("it expires before it was made");
    }

    const TagList& tags_;
    Signature signature_;
    SignatureFault fault_;
};

std::string_view text(Canonicalization form) {
    return form == Canonicalization::simple ? "simple" : "relaxed";
}

/// Writes a field in lines of bounded length.
class FoldedField {
  public:
    explicit FoldedField(std::string_view name) : out_(name) { line_ = out_.size(); }

    /// `text` on this line if it fits after `gap`, else on the next.
    void add(std::string_view text, std::string_view gap = " ") {
        if (line_ + gap.size() + text.size() > line_octets) return add_line(text);
        out_.append(gap).append(text);
        line_ += gap.size() + text.size();
    }
    void add_line(std::string_view text) {
        out_.append("\r\n\t").append(text);
        line_ = 1 + text.size();
    }
    /// Text that may be cut anywhere.
    void add_cut(std::string_view text) {
        while (!text.empty()) {
            if (line_ >= line_octets) add_line({});
            const auto part = text.substr(0, line_octets - line_);
            out_ += part;
            line_ += part.size();
            text.remove_prefix(part.size());
        }
    }
    std::string take() { return std::move(out_) + "\r\n"; }

  private:
    std::string out_;
    std::size_t line_ = 0;
};

/// The fields of each name, picked from the bottom up, each once.
class BottomUp {
  public:
    BottomUp(const mail::Header& header, std::optional<std::size_t> self) : header_(header) {
        for (std::size_t i = 0; i < header.field_count(); ++i) {
            if (i != self) by_name_[to_lower(header.field(i).name)].push_back(i);
        }
    }
    /// None when there are no more.
    std::optional<mail::HeaderField> pick(std::string_view name) {
        const auto found = by_name_.find(to_lower(name));
        if (found == by_name_.end() || found->second.empty()) return std::nullopt;
        const auto index = found->second.back();
        found->second.pop_back();
        return header_.field(index);
    }

  private:
    const mail::Header& header_;
    std::map<std::string, std::vector<std::size_t>> by_name_;
};

}  // namespace

std::string_view text(Algorithm algorithm) noexcept {
    return algorithm == Algorithm::rsa_sha256 ? "rsa-sha256" : "ed25519-sha256";
}

std::string Signature::key_name() const {
    return selector + std::string(key_label) + domain.ascii();
}

Result<std::string> parse_selector(std::string_view text, const dns::Domain& domain) {
    const auto below = std::string(key_label) + (domain.empty() ? "invalid" : domain.ascii());
    const auto name = dns::Domain::parse(std::string(text) + below);
    if (!name || name->ascii().size() <= below.size() || !name->ascii().ends_with(below))
        return Err{std::string("is no selector")};
    return name->ascii().substr(0, name->ascii().size() - below.size());
}

Result<Signature, SignatureFault> parse_signature(std::string_view value) {
    using Kind = SignatureFault::Kind;
    if (value.size() > longest_signature)
        return Err{SignatureFault{Kind::malformed, "it is too long"}};
    const auto tags = TagList::parse(value);
    if (!tags) return Err{SignatureFault{Kind::malformed, tags.error()}};
    return SignatureReader(*tags).read();
}

// b= begins a line of its own: so its place does not depend on the value.
std::string signature_field(const Signature& signature) {
    FoldedField field("DKIM-Signature:");
    field.add("v=1;");
    field.add(fmt::format("a={};", text(signature.algorithm)));
    field.add(fmt::format("c={}/{};", text(signature.header), text(signature.body)));
    field.add(fmt::format("d={};", signature.domain.ascii()));
    field.add(fmt::format("s={};", signature.selector));
    if (!signature.identity.empty()) field.add(fmt::format("i={};", signature.identity));
    if (signature.signed_at) field.add(fmt::format("t={};", *signature.signed_at));
    if (signature.expires_at) field.add(fmt::format("x={};", *signature.expires_at));
    std::string_view before = "h=", gap = " ";
    for (std::size_t i = 0; i < signature.headers.size(); ++i) {
        const bool last = i + 1 == signature.headers.size();
        field.add(fmt::format("{}{}{}", before, signature.headers[i], last ? ";" : ":"), gap);
        before = gap = "";
    }
    field.add(fmt::format("bh={};", base64_encode(signature.body_hash)));
    field.add_line("b=");
    field.add_cut(base64_encode(signature.value));
    return field.take();
}

std::string without_value(std::string_view field) {
    const auto colon = field.find(':');
    const auto end = field.ends_with("\r\n") ? field.size() - 2 : field.size();
    if (colon == field.npos || colon + 1 > end) return std::string(field);
    const auto value = field.substr(colon + 1, end - colon - 1);
    const auto tags = TagList::parse(value);
    const TagList::Tag* tag = tags ? tags->find("b") : nullptr;
    if (tag == nullptr) return std::string(field);
    std::string out(field.substr(0, colon + 1 + tag->raw_begin));
    out += field.substr(colon + 1 + tag->raw_end);
    return out;
}

std::string header_digest(
    const mail::Header& header, const Signature& signature, std::string_view field,
    std::optional<std::size_t> self
) {
    BottomUp remaining(header, self);
    crypto::Hasher hasher(crypto::Hash::sha256);
    for (const auto& name : signature.headers) {
        const auto next = remaining.pick(name);
        if (next) hasher.feed(canonical_field(signature.header, next->whole));
    }
    std::string own = canonical_field(signature.header, field);
    own.resize(own.size() - 2);  // without its CRLF (section 3.7)
    hasher.feed(own);
    return hasher.finish();
}

}  // namespace outpost::dkim
