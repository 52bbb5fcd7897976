// SPDX-License-Identifier: Apache-2.0
#include "core/domains/check/dkim.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/mail/authentication/dkim/key_record.hpp"

namespace outpost::domain_check {
namespace {

dkim::Algorithm algorithm_of(const dkim::KeyRecord& record) {
    return record.key_type == "rsa" ? dkim::Algorithm::rsa_sha256 : dkim::Algorithm::ed25519_sha256;
}

/// A key may be written in two ways (RFC 6376 section 3.6.1, and what everybody does).
bool same_key(const dkim::KeyRecord& a, const dkim::KeyRecord& b) {
    if (a.key_type != b.key_type) return false;
    const auto one = dkim::PublicKey::parse(algorithm_of(a), a.key);
    const auto other = dkim::PublicKey::parse(algorithm_of(b), b.key);
    return one && other && one->is_same_as(*other);
}

/// Whether our signatures may be made with SHA-256 by what h= permits.
bool permits_sha256(const dkim::KeyRecord& record) {
    return record.hashes.empty() ||
           std::find(record.hashes.begin(), record.hashes.end(), "sha256") != record.hashes.end();
}

/// Why this record does not verify what our key signs; empty: it does.
std::string fault_of(const dkim::KeyRecord& ours, const dkim::KeyRecord& found) {
    if (found.key.empty()) return "the key is revoked (p= is empty)";
    if (found.key_type != ours.key_type)
        return fmt::format("it is a key of another kind (k={})", found.key_type);
    if (!same_key(ours, found)) return "it is another key than the configured one";
    if (!permits_sha256(found)) return "it does not permit SHA-256 (h=)";
    if (!found.is_for("email")) return "it is not for mail (s=)";
    return {};
}

std::string doubt_of(const dkim::KeyRecord& ours, const dkim::KeyRecord& found) {
    if (found.testing)
        return "it says that the domain only tests (t=y): signatures count for nothing";
    const auto key = dkim::PublicKey::parse(algorithm_of(ours), found.key);
    if (ours.key_type == "rsa" && key->bits() < dkim::advised_rsa_bits)
        return fmt::format(
            "the RSA key has {} bits, {} are advised", key->bits(), dkim::advised_rsa_bits
        );
    return {};
}

}  // namespace

Findings judge_dkim(
    const std::string& selector, const std::string& domain, const domain_records::DkimKey& key,
    const Lookup& answer
) {
    const auto name = fmt::format("{}._domainkey.{}", selector, domain);
    if (!answer) return {no_answer(Topic::dkim, name, answer.error())};
    auto about = subject(Topic::dkim, name, *answer);
    for (const auto& record : answer->records)
        about.found.push_back(record.text);
    if (about.found.empty()) {
        const auto grade = key.signs ? Grade::missing : Grade::warning;
        const auto* advice = key.signs ? "publish the record"
                                       : "publish the record before mail is signed with the key";
        return {problem(grade, about, absence(*answer), advice, key.record)};
    }
    const auto wrong = [&](std::string summary) {
        return Findings{problem(
            key.signs ? Grade::wrong : Grade::warning, about, std::move(summary),
            "publish the record of the configured key", key.record
        )};
    };
    if (about.found.size() > 1) return wrong("there are several records, of which any may count");
    const auto found = dkim::parse_key_record(about.found.front());
    if (!found) return wrong("the record is malformed: " + found.error());
    const auto ours = dkim::parse_key_record(key.record);
    if (!ours) return wrong("our own key cannot be compared: " + ours.error());
    if (auto fault = fault_of(*ours, *found); !fault.empty()) return wrong(std::move(fault));
    if (auto doubt = doubt_of(*ours, *found); !doubt.empty()) {
        return {problem(
            Grade::warning, about, std::move(doubt),
            found->testing ? "take t=y away" : "make a longer key: outpost dkim generate",
            key.record
        )};
    }
    return {ok(about, key.signs ? "the key that signs" : "a key that does not sign")};
}

}  // namespace outpost::domain_check
