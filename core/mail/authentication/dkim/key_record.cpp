// SPDX-License-Identifier: Apache-2.0
#include "core/mail/authentication/dkim/key_record.hpp"

#include <fmt/format.h>

#include "core/foundation/base/encoding.hpp"
#include "core/foundation/base/sequence.hpp"
#include "core/mail/authentication/dkim/tags.hpp"

namespace outpost::dkim {
namespace {

std::vector<std::string> words_of(const TagList& tags, std::string_view name) {
    std::vector<std::string> words;
    const TagList::Tag* tag = tags.find(name);
    if (tag == nullptr) return words;
    for (const auto word : split_at_colons(tag->value))
        words.push_back(to_lower(word));
    return words;
}

}  // namespace

bool KeyRecord::is_for(std::string_view service) const {
    return services.empty() || contains(services, "*") || contains(services, service);
}

Result<KeyRecord> parse_key_record(std::string_view text) {
    const auto tags = TagList::parse(text);
    if (!tags) return Err{tags.error()};
    const TagList::Tag* version = tags->find("v");
    if (version != nullptr && (version != &tags->tags().front() || version->value != "DKIM1"))
        return Err{std::string("it does not begin with v=DKIM1")};
    const TagList::Tag* key = tags->find("p");
    if (key == nullptr) return Err{std::string("it has no key (p=)")};
    auto octets = base64_decode(without_space(key->value));
    if (!octets) return Err{std::string("its key (p=) is not base64")};

    KeyRecord record;
    record.key = std::move(*octets);
    record.key_type = to_lower(tags->value_or("k", "rsa"));
    record.hashes = words_of(*tags, "h");
    record.services = words_of(*tags, "s");
    const auto flags = words_of(*tags, "t");
    record.testing = contains(flags, "y");
    record.strict = contains(flags, "s");
    return record;
}

std::string key_record(const PrivateKey& key) {
    return fmt::format(
        "v=DKIM1; k={}; p={}", key.algorithm() == Algorithm::rsa_sha256 ? "rsa" : "ed25519",
        base64_encode(key.public_octets())
    );
}

}  // namespace outpost::dkim
