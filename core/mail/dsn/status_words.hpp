// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string_view>

#include "core/mail/smtp/reply.hpp"

namespace outpost::dsn {

/// What an enhanced status means in plain English, whatever its class: "There is no such mailbox at
/// that domain." Empty where the code says too little for a sentence.
std::string_view meaning(smtp::EnhancedStatus status) noexcept;

}  // namespace outpost::dsn
