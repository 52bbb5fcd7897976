// SPDX-License-Identifier: Apache-2.0
// DKIM-Signature fields and key records of strangers: nothing crashes, and a signature that is read
// is written so that it is read as the same.
#include <cstdlib>
#include <string>
#include <string_view>

#include "core/mail/authentication/dkim/key_record.hpp"
#include "core/mail/authentication/dkim/signature.hpp"
#include "core/mail/authentication/dkim/verify.hpp"

using namespace outpost;
using namespace outpost::dkim;

namespace {

void require(bool condition) {
    if (!condition) std::abort();
}

void check_signature(std::string_view text) {
    const auto signature = parse_signature(text);
    if (!signature) return;
    const auto field = signature_field(*signature);
    const auto again = parse_signature(std::string_view(field).substr(field.find(':') + 1));
    require(
        again && again->value == signature->value && again->key_name() == signature->key_name()
    );
    require(again->headers == signature->headers && again->body_hash == signature->body_hash);
}

void check_field(const std::string& field) {
    const auto empty = without_value(field);
    require(empty.size() <= field.size());
    require(without_value(empty) == empty);
}

void check_message(const std::string& text) {
    const mail::Content content(text + "\r\n\r\n", {text});
    for (const auto& result : judge(content, {}, {}))
        require(!result.passed());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    check_signature(text);
    check_field("DKIM-Signature:" + std::string(text));
    check_message("DKIM-Signature:" + std::string(text));
    const auto record = parse_key_record(text);
    if (record) (void)PublicKey::parse(Algorithm::rsa_sha256, record->key);
    return 0;
}
