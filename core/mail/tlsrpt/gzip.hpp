// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <string>
#include <string_view>

#include "core/foundation/base/result.hpp"

/// The encoding of reports (RFC 1952; RFC 8460 section 5).
namespace outpost::tlsrpt {

/// The same octets give the same result: no name and no time are noted.
std::string gzip(std::string_view content);

enum class GunzipFault {
    broken,    ///< no gzip, damaged, or cut off
    too_large  ///< more than the limit would come out
};

/// The content, of at most `limit` octets; a bomb makes it use no more memory than that. What
/// follows the first member is ignored.
outpost::Result<std::string, GunzipFault> gunzip(std::string_view bytes, std::size_t limit);

}  // namespace outpost::tlsrpt
