// SPDX-License-Identifier: Apache-2.0
#include "core/domains/records/mta_sts.hpp"

#include <fmt/format.h>

#include "core/foundation/base/crypto.hpp"
#include "core/foundation/base/encoding.hpp"

namespace outpost::domain_records {
namespace {

constexpr std::size_t id_length = 20;  // at most 32 letters and digits

}  // namespace

std::string_view to_string(MtaStsPolicy::Mode mode) noexcept {
    using Mode = MtaStsPolicy::Mode;
    if (mode == Mode::none) return "none";
    return mode == Mode::testing ? "testing" : "enforce";
}

std::string policy_text(const MtaStsPolicy& policy) {
    std::string text = fmt::format("version: STSv1\r\nmode: {}\r\n", to_string(policy.mode));
    for (const auto& host : policy.mx)
        text += fmt::format("mx: {}\r\n", host);
    return text + fmt::format("max_age: {}\r\n", policy.max_age.count());
}

std::string mta_sts_record(std::string_view policy_text) {
    const auto hash = hex_encode(crypto::digest(crypto::Hash::sha256, policy_text));
    return fmt::format("v=STSv1; id={}", hash.substr(0, id_length));
}

}  // namespace outpost::domain_records
