// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/net/dnssec/verify.hpp"

/// Proofs that something does not exist: NSEC (RFC 4035 section 5.4), NSEC3 (RFC 5155 section 8),
/// with the clarifications of RFC 6840 section 4. Pure.
namespace outpost::dnssec {

/// RFC 9276 section 3.2: beyond so many additional iterations a proof is taken as insecure (unbound
/// and BIND draw the line here, too). The records' signatures are checked all the same, so nobody
/// else can raise the number in order to weaken a zone.
constexpr std::uint16_t most_iterations = 150;

/// How a statement was proven.
struct Proof {
    bool secure = true;  ///< false: it could be otherwise, by opt-out or iterations, and still good
    std::uint32_t ttl = 0;
    int extended_error = -1;  ///< why insecure
};

/// What lies between a zone and a name below its apex.
struct Cut {
    enum class Kind {
        none,           ///< the name belongs to the zone
        nothing_below,  ///< as do all below it, for none exists (RFC 8020)
        insecure,       ///< another zone may begin here, one without DNSSEC
    };
    Kind kind = Kind::none;
    std::uint32_t ttl = 0;
    int extended_error = -1;  ///< why insecure
};

/// The NSEC and NSEC3 records of one zone in a response. What is not signed by it does not count.
class Denial {
  public:
    Denial(const std::vector<RecordSet>& authority, const Zone& zone, Seconds now, Budget& budget);

    Result<Proof, Fault> name_absent(const Name& name);
    Result<Proof, Fault> type_absent(const Name& name, TypeNumber type);
    /// `name` was made from the wildcard below `closest_encloser`: nothing closer exists.
    Result<Proof, Fault> expanded(const Name& name, const Name& closest_encloser);
    /// The name has no DS record: is it a delegation nevertheless?
    Result<Cut, Fault> cut_at(const Name& name);

  private:
    struct Enclosed {
        Name closest_encloser;
        const Nsec3* closer = nullptr;  ///< covers the next closer name; null when none does
    };

    const Nsec* matching(const Name& name) const;
    const Nsec* covering(const Name& name) const;
    /// The wildcard that could have answered for a name that `covering` has.
    std::optional<Name> wildcard_for(const Name& name, const Nsec& covering) const;

    std::optional<std::string> hash(const Name& name);
    const Nsec3* matching3(const Name& name);
    const Nsec3* covering3(const Name& name);
    std::optional<Enclosed> enclose(const Name& name);

    Proof proof(bool secure) const { return {secure, ttl_, -1}; }
    Result<Proof, Fault> unproven(const Name& name, const char* what) const;
    bool too_many_iterations() const;

    const Zone& zone_;
    Budget& budget_;
    std::vector<Nsec> nsec_;
    std::vector<Nsec3> nsec3_;  ///< all with the same parameters
    std::map<Name, std::string> hashes_;
    std::uint32_t ttl_ = 0;
    std::optional<Fault> fault_;  ///< of a record that should have been signed
    bool exhausted_ = false;
};

}  // namespace outpost::dnssec
