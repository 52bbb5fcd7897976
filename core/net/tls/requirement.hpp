// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace outpost::tls {

/// One TLSA record (RFC 6698 section 2.1).
struct TlsaRecord {
    std::uint8_t usage = 0;
    std::uint8_t selector = 0;
    std::uint8_t matching = 0;
    std::string data;  ///< association data, raw octets
    auto operator<=>(const TlsaRecord&) const = default;
};

/// The certificate must chain to a trusted root and be valid for one of these names (RFC 9525).
struct PkixRequirement {
    std::vector<std::string> names;
    auto operator<=>(const PkixRequirement&) const = default;
};

/// The certificate must match one of these records (RFC 7672).
struct DaneRequirement {
    std::string base_domain;          ///< TLSA base domain: what SNI must name (section 8.1)
    std::vector<TlsaRecord> records;  ///< usable ones only, never empty
    std::vector<std::string> names;   ///< reference names; they count for DANE-TA only
    auto operator<=>(const DaneRequirement&) const = default;
};

/// Why a host must not be used.
struct Refusal {
    /// The first of these decides what becomes of the message (delivery::decide_tls).
    enum class Kind {
        domain_unknown,   ///< what the recipient's domain asks for could not be found out
        domain_excludes,  ///< the domain's policy does not name the host
        host_unknown,     ///< what is published about the host could not be found out
        host_unproven,    ///< the host has to publish how it is verified, and does not
        requiretls        ///< REQUIRETLS, and no policy verifies the host (RFC 8689)
    };
    Kind kind{};
    std::string reason;    ///< a sentence for people
    std::string policy{};  ///< whose refusal it is, as in `sources`; empty: the message's own
    auto operator<=>(const Refusal&) const = default;
};

/// What TLS one connection must reach. A value in a join-semilattice: policies each return one, and
/// `stricter` combines them (commutative, associative, idempotent). PKIX and DANE are independent:
/// where both are asked for, both must pass, each against its own names.
struct TlsRequirement {
    bool must_use_tls = false;
    std::vector<PkixRequirement> pkix;      ///< all must pass
    std::vector<DaneRequirement> dane;      ///< all must pass
    bool must_announce_requiretls = false;  ///< RFC 8689
    std::vector<Refusal> forbidden;         ///< why this host must not be used at all
    std::vector<std::string> sources;       ///< the policies that spoke: "route", "mta-sts", "dane"
    /// TLS-Required: No (RFC 8689 section 5): failures are recorded, and ignored.
    bool ignore_errors = false;

    /// STARTTLS where offered, unverified, with a fallback to clear text.
    static TlsRequirement opportunistic() { return {}; }
    /// TLS of any kind, unverified.
    static TlsRequirement encrypted(std::string source);
    static TlsRequirement verified(std::vector<std::string> names, std::string source);

    /// The join: everything that either side asks for. `ignore_errors` holds only where both have
    /// it.
    TlsRequirement stricter(const TlsRequirement& other) const;
    /// The same with `ignore_errors`: applied last, to a finished join, for TLS-Required: No.
    TlsRequirement relaxed() const;
    bool needs_verification() const noexcept { return !pkix.empty() || !dane.empty(); }
    bool plaintext_allowed() const noexcept;
    /// "opportunistic", "encrypted", "pkix(mx.example.org)", "dane+pkix": for attempt rows and
    /// people.
    std::string describe() const;
    /// All of it: equal for equal requirements alone. For keys of what must not be shared.
    std::string exact() const;
    auto operator<=>(const TlsRequirement&) const = default;
};

/// What a policy asks of one host, or all policies together. `watched` is checked and recorded, and
/// stops nothing: DANE in report mode, MTA-STS in testing mode (RFC 8461 section 5).
struct TlsDemand {
    TlsRequirement enforced, watched;

    TlsDemand joined(const TlsDemand& other) const {
        return {enforced.stricter(other.enforced), watched.stricter(other.watched)};
    }
    auto operator<=>(const TlsDemand&) const = default;
};

}  // namespace outpost::tls
