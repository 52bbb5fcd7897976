// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <vector>

#include "core/cli/submit_client.hpp"

namespace outpost::cli {

/// sendmail -bs: speaks SMTP on standard input and output, as the server speaks it: opens a session
/// (TLS and login included) with the first server that answers, and passes everything through.
/// False, with a 421 said, when none can be reached.
bool smtp_on_stdio(const std::vector<SubmissionServer>& servers);

}  // namespace outpost::cli
