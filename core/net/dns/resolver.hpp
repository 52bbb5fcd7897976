// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/foundation/async/awaitable.hpp"
#include "core/foundation/async/deadline.hpp"
#include "core/foundation/base/result.hpp"

namespace outpost::dns {

enum class Type : std::uint16_t {
    a = 1,
    ns = 2,
    cname = 5,
    soa = 6,
    ptr = 12,
    mx = 15,
    txt = 16,
    aaaa = 28,
    ds = 43,
    rrsig = 46,
    nsec = 47,
    dnskey = 48,
    nsec3 = 50,
    tlsa = 52
};

/// RFC 4033 section 5. A bogus answer is a Failure; `indeterminate`: nobody who may be believed has
/// looked (no trust anchor covers the name, or no resolver is trusted).
enum class Security { secure, insecure, bogus, indeterminate };
std::string_view text(Security security) noexcept;  ///< "secure"

/// No answer to be had. A value: DANE and MTA-STS must weigh it.
struct Failure {
    enum class Kind { timeout, servfail, refused, bogus, malformed, network, cname_loop };
    Kind kind = Kind::timeout;
    std::string text;                ///< for people: server and reason
    int extended_error = -1;         ///< RFC 8914 info code, -1 when none was given
    std::string extended_text = {};  ///< what the server added to it; untrusted

    /// DNSSEC validation failed, here or by what the server says (RFC 8914: codes 1, 2, 5 to 12).
    /// A validating resolver that says only SERVFAIL may mean it, too: `kind` is then servfail.
    bool is_dnssec() const noexcept;
    /// For TLS reports: "dns-extended-error-9-dnskey-missing"; empty without a code.
    std::string reason_code() const;
};

/// One record's data. `text` is the presentation of the rdata: an IP address for A/AAAA, a name in
/// lower case without trailing dot for MX/CNAME/NS/PTR ("" is the root: null MX), the joined
/// strings of a TXT; raw octets (usage, selector, matching, data) for TLSA.
struct Record {
    Type type{};
    std::uint16_t preference = 0;  ///< MX only
    std::string text;
    bool operator==(const Record&) const = default;
};

/// An answer, be it negative: NXDOMAIN and NODATA (empty `records`, no `nxdomain`) are answers.
struct Answer {
    bool nxdomain = false;
    std::vector<Record> records;  ///< of the type asked for, at the end of the CNAME chain
    std::string
        canonical_name;  ///< where the CNAME chain ended; the name asked for when there is none
    bool followed_cname = false;
    /// Of the weakest part of it, the CNAMEs and the proof of absence included.
    Security security = Security::indeterminate;
    std::chrono::seconds ttl{0};
    int extended_error = -1;         ///< RFC 8914 info code: why not secure, -1 when none was given
    std::string extended_text = {};  ///< what the server added to it; untrusted
};

struct Question {
    std::string name;  ///< A-labels, with or without trailing dot; never completed by a search list
    Type type{};
    bool operator==(const Question&) const = default;
};

/// Thread-safe. Coroutines resume on their own executor.
class Resolver {
  public:
    virtual ~Resolver() = default;
    /// Follows CNAMEs (16 at most). Never throws for what the network or a server does.
    virtual awaitable<Result<Answer, Failure>> query(Question question, Deadline deadline) = 0;
};

}  // namespace outpost::dns
