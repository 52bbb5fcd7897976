// SPDX-License-Identifier: Apache-2.0
#include "core/mail/authentication/dkim/verify.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "core/foundation/base/encoding.hpp"
#include "core/foundation/base/safe_text.hpp"
#include "core/mail/authentication/dkim/key_record.hpp"

namespace outpost::dkim {
namespace {

/// A signature as it stands in the message.
struct Found {
    std::size_t index;  ///< among the header's fields
    Result<Signature, SignatureFault> parsed;
};

/// The signatures from the top; of those behind the first `most` only that they are there.
struct Signatures {
    Signatures(const mail::Header& all, std::size_t most) : header(all) {
        for (std::size_t i = 0; i < header.field_count(); ++i) {
            const auto field = header.field(i);
            if (!iequals(field.name, "DKIM-Signature")) continue;
            if (found.size() < most) {
                found.push_back({i, parse_signature(field.raw_value)});
            } else {
                ++too_many;
            }
        }
    }
    const mail::Header& header;
    std::vector<Found> found;
    std::size_t too_many = 0;
};

std::string_view domain_of(std::string_view identity) {
    return identity.substr(identity.rfind('@') + 1);
}

std::string temporary(const std::string& name, const dns::Failure& failure) {
    return fmt::format(
        "the key {} could not be looked up: {}", name, safe_text(failure.text, Charset::utf8, 200)
    );
}

/// The digests of one body, each made once.
class BodyDigests {
  public:
    struct Digest {
        std::string octets;
        std::uint64_t size = 0;  ///< of the canonical body
    };
    explicit BodyDigests(const std::vector<std::string>& body) : body_(body) {}

    const Digest& of(const Signature& signature) {
        const auto [place, fresh] = made_.try_emplace({signature.body, signature.body_length});
        if (fresh) {
            BodyHash hash(signature.body, signature.body_length);
            for (const auto& piece : body_)
                hash.feed(piece);
            place->second.octets = hash.finish();
            place->second.size = hash.octets();
        }
        return place->second;
    }

  private:
    const std::vector<std::string>& body_;
    std::map<std::pair<Canonicalization, std::optional<std::uint64_t>>, Digest> made_;
};

/// Judges one signature, step by step; the first thing wrong decides (RFC 6376 section 6.1).
class Judgement {
  public:
    Judgement(
        const Signatures& message, const Found& found, const KeyAnswers& keys,
        const VerifyOptions& options, BodyDigests& bodies
    )
        : message_(message), found_(found), keys_(keys), options_(options), bodies_(bodies) {}

    SignatureResult make() {
        const bool good = is_readable() && is_current() && find_record() && fits() && find_key() &&
                          header_is_signed() && body_is_signed() && is_for_the_service();
        if (good) result_.status = Status::pass;
        return std::move(result_);
    }

  private:
    const Signature& signature() const { return *result_.signature; }

    bool end(Status status, std::string reason) {
        result_.status = status;
        result_.reason = std::move(reason);
        return false;
    }

    bool is_readable() {
        if (found_.parsed) {
            result_.signature = *found_.parsed;
            result_.whole_body = !signature().body_length.has_value();
            return true;
        }
        const auto& fault = found_.parsed.error();
        const bool unsupported = fault.kind == SignatureFault::Kind::unsupported;
        return end(unsupported ? Status::neutral : Status::permerror, fault.text);
    }

    bool is_current() {
        const auto now =
            std::chrono::duration_cast<std::chrono::seconds>(options_.now.time_since_epoch())
                .count();
        const bool expired = signature().expires_at && now >= 0 &&
                             *signature().expires_at < static_cast<std::uint64_t>(now);
        return !expired || end(Status::policy, "it has expired");
    }

    bool find_record() {
        const auto name = signature().key_name();
        const auto answer = keys_.find(name);
        if (answer == keys_.end()) return end(Status::temperror, "the key was not looked up");
        if (!answer->second) {
            const auto& failure = answer->second.error();
            if (failure.is_dnssec()) result_.key_security = dns::Security::bogus;
            return end(Status::temperror, temporary(name, failure));
        }
        result_.key_security = answer->second->security;
        return read_record(name, answer->second->records);
    }

    /// Of several records no one can say which is meant (section 3.6.2.2), unless only one is a
    /// key.
    bool read_record(const std::string& name, const std::vector<dns::Record>& records) {
        std::string fault;
        std::size_t keys = 0;
        for (const auto& record : records) {
            auto parsed = parse_key_record(record.text);
            if (parsed) {
                record_ = std::move(*parsed);
                ++keys;
            } else if (fault.empty()) {
                fault = parsed.error();
            }
        }
        if (keys == 1) return true;
        if (keys > 1) return end(Status::permerror, fmt::format("{} has several keys", name));
        if (records.empty()) return end(Status::permerror, fmt::format("there is no key {}", name));
        return end(Status::permerror, fmt::format("{} is no key record: {}", name, fault));
    }

    /// Whether the record allows what the signature does with its key.
    bool fits() {
        result_.testing = record_.testing;
        result_.services = record_.services;
        const std::string type = signature().algorithm == Algorithm::rsa_sha256 ? "rsa" : "ed25519";
        const auto& hashes = record_.hashes;
        if (record_.key.empty()) return end(Status::permerror, "the key has been revoked");
        if (record_.key_type != type)
            return end(Status::permerror, "the key is of another type than the signature");
        if (!hashes.empty() && std::find(hashes.begin(), hashes.end(), "sha256") == hashes.end())
            return end(Status::permerror, "the key is not for SHA-256");
        if (record_.strict &&
            dns::Domain::parse(domain_of(result_.identity())).value_or({}) != signature().domain)
            return end(Status::permerror, "the key is not for domains below its own");
        return true;
    }

    bool find_key() {
        auto key = PublicKey::parse(signature().algorithm, record_.key);
        if (!key) return end(Status::permerror, key.error());
        result_.key_bits = key->bits();
        key_ = std::move(*key);
        const bool weak =
            signature().algorithm == Algorithm::rsa_sha256 && key_->bits() < least_rsa_bits;
        return !weak || end(Status::permerror,
                            fmt::format("the key is too weak: {} bits (RFC 8301)", key_->bits()));
    }

    bool header_is_signed() {
        const auto digest = header_digest(
            message_.header, signature(), without_value(message_.header.field(found_.index).whole),
            found_.index
        );
        return key_->verify(digest, signature().value) ||
               end(Status::fail, "the header is not what was signed");
    }

    bool body_is_signed() {
        const auto& digest = bodies_.of(signature());
        if (signature().body_length && *signature().body_length > digest.size)
            return end(Status::fail, "the body is shorter than what was signed");
        if (signature().body_length == digest.size) result_.whole_body = true;
        return digest.octets == signature().body_hash ||
               end(Status::fail, "the body is not what was signed");
    }

    /// Last: another service than the one asked about may look at the same signature.
    bool is_for_the_service() {
        if (record_.is_for(options_.service)) return true;
        result_.only_for_others = true;
        return end(Status::permerror, "the key is not for " + options_.service);
    }

    const Signatures& message_;
    const Found& found_;
    const KeyAnswers& keys_;
    const VerifyOptions& options_;
    BodyDigests& bodies_;
    SignatureResult result_;
    KeyRecord record_;
    std::optional<PublicKey> key_;
};

/// Nothing else of the signatures is held while answers are waited for.
std::set<std::string> key_names(const mail::Header& header, std::size_t most) {
    const Signatures message(header, most);
    std::set<std::string> names;
    for (const auto& found : message.found) {
        if (found.parsed) names.insert(found.parsed->key_name());
    }
    return names;
}

SignatureResult not_looked_at(std::size_t most) {
    SignatureResult result;
    result.status = Status::neutral;
    result.reason = fmt::format("not verified: it stands behind {} others", most);
    return result;
}

}  // namespace

std::string_view text(Status status) noexcept {
    switch (status) {
        case Status::pass:
            return "pass";
        case Status::fail:
            return "fail";
        case Status::policy:
            return "policy";
        case Status::neutral:
            return "neutral";
        case Status::temperror:
            return "temperror";
        case Status::permerror:
            return "permerror";
    }
    return "";
}

std::string SignatureResult::identity() const {
    if (!signature) return {};
    return signature->identity.empty() ? "@" + signature->domain.ascii() : signature->identity;
}

bool SignatureResult::passed_for(std::string_view service) const {
    KeyRecord key;
    key.services = services;
    return (passed() || only_for_others) && key.is_for(service);
}

awaitable<KeyAnswers> look_up_keys(
    const mail::Header& header, dns::Resolver& resolver, const VerifyOptions& options
) {
    const auto names = key_names(header, options.most);
    KeyAnswers answers;
    for (const auto& name : names) {
        dns::Question question{name, dns::Type::txt};
        auto answer = co_await resolver.query(std::move(question), options.deadline);
        answers.emplace(name, std::move(answer));
    }
    co_return answers;
}

std::vector<SignatureResult> judge(
    const mail::Header& header, const std::vector<std::string>& body, const KeyAnswers& keys,
    const VerifyOptions& options
) {
    const Signatures message(header, options.most);
    BodyDigests bodies(body);
    std::vector<SignatureResult> results;
    for (const auto& found : message.found)
        results.push_back(Judgement(message, found, keys, options, bodies).make());
    results.insert(results.end(), message.too_many, not_looked_at(options.most));
    return results;
}

std::vector<SignatureResult> judge(
    const mail::Content& content, const KeyAnswers& keys, const VerifyOptions& options
) {
    return judge(mail::Header(content.header()), content.body(), keys, options);
}

awaitable<std::vector<SignatureResult>> verify(
    const mail::Content& content, dns::Resolver& resolver, VerifyOptions options
) {
    const mail::Header header(content.header());
    const auto answers = co_await look_up_keys(header, resolver, options);
    co_return judge(header, content.body(), answers, options);
}

}  // namespace outpost::dkim
