// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <string_view>

#include "core/cli/sendmail_options.hpp"
#include "core/delivery/interface/job.hpp"
#include "core/foundation/base/clock.hpp"
#include "core/foundation/base/result.hpp"

namespace outpost::cli {

/// Who calls sendmail, and where.
struct LocalUser {
    std::string name;       ///< login name
    std::string full_name;  ///< may be empty
    std::string hostname;
};

/// Cuts the input at a line with a lone dot, unless `ignore_dots`.
std::string_view until_dot(std::string_view input, bool ignore_dots);

/// Makes what sendmail was given fit for submission: line ends, From, Date and Message-ID where
/// missing, Bcc removed, recipients from arguments or header. Addresses without a domain get the
/// host's. The error is a sentence for people. Pure.
Result<delivery::DeliveryJob> make_submission(
    std::string_view input, const SendmailOptions& options, const LocalUser& user, WallTime now
);

}  // namespace outpost::cli
