// SPDX-License-Identifier: Apache-2.0
#include "core/mail/tlsrpt/result.hpp"

#include <array>

namespace outpost::tlsrpt {
namespace {

constexpr std::array<std::string_view, 3> policy_types{"no-policy-found", "sts", "tlsa"};
constexpr std::array<std::string_view, 11> result_types{
    "starttls-not-supported", "certificate-host-mismatch",
    "certificate-expired",    "certificate-not-trusted",
    "validation-failure",     "tlsa-invalid",
    "dnssec-invalid",         "dane-required",
    "sts-policy-fetch-error", "sts-policy-invalid",
    "sts-webpki-invalid"
};

template <typename Enum, std::size_t Size>
std::optional<Enum> parse(
    const std::array<std::string_view, Size>& names, std::string_view text
) noexcept {
    for (std::size_t i = 0; i < names.size(); ++i)
        if (names[i] == text) return static_cast<Enum>(i);
    return std::nullopt;
}

}  // namespace

std::string_view text(PolicyType type) noexcept {
    return policy_types.at(static_cast<std::size_t>(type));
}

std::string_view text(ResultType type) noexcept {
    return result_types.at(static_cast<std::size_t>(type));
}

std::optional<PolicyType> parse_policy_type(std::string_view text) noexcept {
    return parse<PolicyType>(policy_types, text);
}

std::optional<ResultType> parse_result_type(std::string_view text) noexcept {
    return parse<ResultType>(result_types, text);
}

FailureDetail detail(ResultType type, std::string reason_code, std::int64_t sessions) {
    FailureDetail made;
    made.type = type;
    made.failure_reason_code = std::move(reason_code);
    made.sessions = sessions;
    return made;
}

}  // namespace outpost::tlsrpt
