// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <string>

#include "core/foundation/base/secret.hpp"

namespace outpost::cli {

struct SampleOptions {
    std::uint16_t submission_port = 0;
    std::string ca_file;
    std::string account;
    Secret password;
};

/// Sends one message through the submission port as a mail program would: STARTTLS with the
/// certificate verified, SCRAM, and a recipient at example.com. Returns the id it was queued under.
/// Throws std::runtime_error with the server's words when it was refused.
std::int64_t send_sample(const SampleOptions& options);

}  // namespace outpost::cli
