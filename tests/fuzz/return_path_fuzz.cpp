// SPDX-License-Identifier: Apache-2.0
// Return paths of strangers: nobody makes up one that is believed, and each that was made is read
// as the recipient that it was made for.
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

#include "core/foundation/base/encoding.hpp"
#include "core/mail/dsn/return_path.hpp"
#include "core/mail/dsn/suppression.hpp"

using namespace outpost;

namespace {

const Secret secret(std::string("a secret that all nodes share"));
const auto domain = dns::Domain::parse("bounces.example.org").value();

void require(bool condition) {
    if (!condition) std::abort();
}

void check_key(std::string_view octets) {
    std::int64_t message = 0;
    std::int32_t number = 0;
    if (octets.size() < sizeof message + sizeof number) return;
    std::memcpy(&message, octets.data(), sizeof message);
    std::memcpy(&number, octets.data() + sizeof message, sizeof number);
    const RecipientKey key{MessageId{message}, number};
    const auto path = dsn::make_return_path(key, domain, secret);
    require(path.local().size() <= 64 && dsn::parse_return_path(path, secret) == key);
}

void check_address(const std::string& text) {
    const auto address = mail::Address::parse(text);
    if (!address) return;
    if (const auto key = dsn::parse_return_path(*address, secret)) {
        const auto made = dsn::make_return_path(*key, address->domain(), secret);
        require(iequals(made.wire(), address->wire()));
    }
    if (!address->is_null()) require(dsn::suppression_key(*address).rfind('@') > 0);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    check_key(text);
    check_address(std::string(text));
    check_address("bounce-" + std::string(text) + "@bounces.example.org");
    return 0;
}
