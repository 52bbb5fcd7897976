// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/net/dnssec/verify.hpp"

namespace outpost::test {

struct SignatureValidity {
    dnssec::Seconds inception = 1'000'000, expiration = 2'000'000;
};

/// Signs records as the owner of a zone would, with ldns: what validation is tested against.
class ZoneSigner {
  public:
    using Validity = SignatureValidity;
    /// Within the validity that signatures have unless another is given.
    static constexpr dnssec::Seconds now = 1'500'000;

    /// A fresh key; `algorithm` is one that dnssec supports.
    explicit ZoneSigner(std::string_view apex, std::uint8_t algorithm = 13);
    ~ZoneSigner();
    ZoneSigner(ZoneSigner&&) noexcept;

    const dnssec::Key& key() const;
    dnssec::Zone zone() const;
    /// The DS record's data that the parent would have (digest SHA-256).
    std::string ds() const;
    std::string ds_line() const;
    /// The key's DNSKEY record as a line of a zone file.
    std::string dnskey_line(std::uint32_t ttl = 3600) const;

    /// One set, as lines of a zone file with absolute names, and its signature.
    std::vector<dnssec::Record> sign(const std::vector<std::string>& lines, Validity validity = {})
        const;
    /// The DNSKEY set, signed by itself.
    std::vector<dnssec::Record> keys() const { return sign({dnskey_line()}); }

  private:
    struct State;
    std::unique_ptr<State> state_;
};

/// Unsigned records from lines of a zone file.
std::vector<dnssec::Record> records(const std::vector<std::string>& lines);

/// Lists joined.
std::vector<dnssec::Record> operator+(
    std::vector<dnssec::Record> a, const std::vector<dnssec::Record>& b
);
/// The same records for another owner: what a wildcard is expanded to.
std::vector<dnssec::Record> renamed(std::vector<dnssec::Record> records, std::string_view owner);

/// NSEC3 records as lines of a zone file, hashed by ldns.
struct Nsec3Chain {
    std::string zone;  ///< "example.test."
    unsigned iterations = 1;
    bool opt_out = false;
    std::string salt = "aabb";  ///< hexadecimal
    /// The record at a name that exists.
    std::string at(std::string_view name, std::string_view types) const;
    /// One that covers just this name's hash.
    std::string around(std::string_view name, std::string_view types = "A RRSIG") const;

  private:
    std::string hashed(std::string_view name) const;
    std::string line(const std::string& owner, const std::string& next, std::string_view types)
        const;
};

}  // namespace outpost::test
