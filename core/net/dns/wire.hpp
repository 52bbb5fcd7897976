// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/foundation/base/result.hpp"
#include "core/net/dns/resolver.hpp"
#include "core/net/dnssec/records.hpp"

/// DNS packets (RFC 1035 section 4) to values and back. Pure; safe with any octets.
namespace outpost::dns {

/// A name as names compare here: lower case (ASCII), no trailing dot; "" is the root.
std::string canonical(std::string_view name);

/// What else a server is asked for.
enum class Want {
    records,
    judgement,  ///< the AD bit (RFC 6840 section 5.7): the server's own verdict
    unchecked,  ///< the CD bit (RFC 4035 section 3.2.2): the records, even if it finds them bogus
    proof,      ///< DO and CD: the records with the signatures, whatever its verdict
};

/// A query with recursion desired. `edns` announces UDP answers up to 1232 octets (RFC 6891);
/// servers that answer FORMERR are asked again without it, which leaves out proofs, too. The error
/// is a sentence: not a domain name.
Result<std::string> encode_query(
    const Question& question, std::uint16_t id, bool edns, Want want = Want::records
);

/// One resource record of the answer section with its owner.
struct OwnedRecord {
    std::string owner;  ///< canonical
    Record record;
    std::chrono::seconds ttl{0};
};

/// RFC 1035 section 4.1.1, without those that no recursive resolver sends us.
enum class ReplyCode {
    no_error = 0,
    format_error = 1,
    server_failure = 2,
    nxdomain = 3,
    not_implemented = 4,
    refused = 5
};

struct Response {
    ReplyCode code = ReplyCode::no_error;
    bool truncated = false;
    bool authentic = false;            ///< AD: the server has validated it
    int extended_error = -1;           ///< RFC 8914 info code, of authentication where several are
    std::string extended_text;         ///< untrusted
    std::vector<OwnedRecord> answers;  ///< of the type asked for, and CNAMEs
    /// How long the absence of data may be believed (RFC 2308 section 5); none: there was no SOA.
    std::optional<std::chrono::seconds> negative_ttl;
    /// All records of both sections, for validation; only in responses to Want::proof.
    std::vector<dnssec::Record> proof_answer, proof_authority;
};

/// RFC 8914 codes that mean a failed DNSSEC validation: 1, 2, and 5 to 12.
bool is_authentication_error(int extended_error) noexcept;

/// Decodes a response. Empty (`nullopt`) when it does not answer this question with this id: a late
/// or forged packet, to be ignored. A Failure (malformed) when it does but cannot be understood.
std::optional<Result<Response, Failure>> decode_response(
    std::string_view packet, std::uint16_t id, const Question& question, Want want = Want::records
);

}  // namespace outpost::dns
