// SPDX-License-Identifier: Apache-2.0
#include "core/net/tls/tlsa_match.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "core/foundation/base/crypto.hpp"
#include "core/net/tls/context.hpp"
#include "core/net/tls/tlsa.hpp"

using namespace outpost;
using namespace outpost::tls;

namespace {

/// A leaf and its CA, as in one file, with the leaf's key.
struct Files {
    Files() {
        std::string directory = (std::filesystem::temp_directory_path() / "match-XXXXXX").string();
        REQUIRE(mkdtemp(directory.data()) != nullptr);
        mint_certificates(directory, {"mx.example.org"});
        chain = read(directory + "/cert.pem");
        key = read(directory + "/key.pem");
        ca = read(directory + "/ca.pem");
        std::filesystem::remove_all(directory);
    }
    static std::string read(const std::string& file) {
        std::ifstream in(file, std::ios::binary);
        return {std::istreambuf_iterator<char>(in), {}};
    }
    std::string chain, ca, key;
};

TlsaRecord of_certificate(std::uint8_t usage, const std::string& der) {
    return {usage, 0, 2, crypto::digest(crypto::Hash::sha512, der)};
}

}  // namespace

TEST_CASE("a record of the private key is that of its certificate") {
    const Files files;
    const auto chain = certificates_in(files.chain);
    REQUIRE_FALSE(chain.empty());
    const auto record = tlsa_of_certificate(chain.front());
    CHECK(record == tlsa_of_private_key(files.key).value());
    CHECK(matches(record, chain));
    auto other = record;
    other.data.back() = static_cast<char>(other.data.back() ^ 1);
    CHECK_FALSE(matches(other, chain));
}

TEST_CASE("DANE-EE looks at the leaf, DANE-TA at the whole chain, others at nothing") {
    const Files files;
    const auto leaf = certificates_in(files.chain).front();
    const auto ca = certificates_in(files.ca).front();
    const std::vector chain{leaf, ca};
    CHECK(matches(of_certificate(3, leaf), chain));
    CHECK_FALSE(matches(of_certificate(3, ca), chain));
    CHECK(matches(of_certificate(2, ca), chain));
    CHECK(matches({3, 0, 0, leaf}, chain));
    CHECK_FALSE(matches(of_certificate(1, leaf), chain));
    CHECK_FALSE(matches(of_certificate(3, leaf), {}));
}

TEST_CASE("what is no PEM has no certificates") {
    CHECK(certificates_in("nonsense").empty());
    CHECK(certificates_in({}).empty());
}
