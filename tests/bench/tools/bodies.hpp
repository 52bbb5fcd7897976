// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

namespace outpost::bench {

struct Body {
    std::string text;  ///< whole lines with CRLF; none begins with a dot
    std::string sum;   ///< checksum of the text
};

/// A few bodies of about `size` octets, made once: to make one for each message would take CPU time
/// from the server under test. Base64 of random octets, which no compression makes smaller.
std::vector<Body> make_bodies(int size);

}  // namespace outpost::bench
