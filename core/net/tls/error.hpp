// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

namespace outpost::tls {

/// OpenSSL's own words for the last error of this thread, and empties its queue of errors.
std::string last_openssl_error();

}  // namespace outpost::tls
