// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <string>
#include <string_view>

#include "core/foundation/base/result.hpp"
#include "core/mail/message/content.hpp"

/// Where a report is in what strangers send (RFC 8460 sections 3 and 5).
namespace outpost::tlsrpt {

constexpr std::size_t longest_message = 15 * 1024 * 1024;  ///< that may carry a report
constexpr std::size_t longest_report = 20 * 1024 * 1024;   ///< JSON text, decompressed

enum class NoReport {
    too_large,  ///< the message
    none,       ///< no part of it is a report
    broken,     ///< the report's gzip encoding is damaged, or cut off
    bomb        ///< what comes out of it is too large
};
/// A sentence for the sender.
std::string_view text(NoReport why) noexcept;

/// Whether this media type is one of reports: "application/tlsrpt+gzip", "application/tlsrpt+json".
bool is_report_type(std::string_view media_type) noexcept;

/// The JSON text in `bytes`, which say themselves whether they are compressed: the types in the
/// wild do not always fit.
outpost::Result<std::string, NoReport> unpack_report(std::string bytes);

/// The JSON text of the report in a message: of the message as a whole, or of a part. Parts of
/// application/gzip and application/json count in a multipart/report of type tlsrpt. Takes linear
/// time and, with the text, twice the message's size of memory.
outpost::Result<std::string, NoReport> report_text(const mail::Content& message);

}  // namespace outpost::tlsrpt
