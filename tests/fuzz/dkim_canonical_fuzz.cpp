// SPDX-License-Identifier: Apache-2.0
// Canonical forms: the same whatever the pieces in which a body comes, stable, and of one line for
// a relaxed field.
#include <cstdlib>
#include <string>
#include <string_view>

#include "core/mail/authentication/dkim/canonical.hpp"
#include "core/mail/message/header.hpp"
#include "tests/support/canonical_body.hpp"

using namespace outpost::dkim;
using outpost::test::canonical_body;

namespace {

void require(bool condition) {
    if (!condition) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
    if (size == 0) return 0;
    const std::size_t piece = data[0] % 16U + 1U;
    const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
    for (const auto form : {Canonicalization::simple, Canonicalization::relaxed}) {
        const auto whole = canonical_body(form, text, text.size() + 1);
        require(canonical_body(form, text, piece) == whole);
        require(canonical_body(form, whole, piece) == whole);
    }
    const outpost::mail::Header header{std::string(text)};
    for (const auto field : header) {
        const auto relaxed = canonical_field(Canonicalization::relaxed, field.whole);
        require(relaxed.find("\r\n") == relaxed.size() - 2);
        require(canonical_field(Canonicalization::relaxed, relaxed) == relaxed);
    }
    return 0;
}
