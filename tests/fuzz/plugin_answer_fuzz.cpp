// SPDX-License-Identifier: Apache-2.0
// What the process of a plugin says: any octets are either understood or refused, and what was
// understood says the same when it is said again.
#include <cstdint>
#include <cstdlib>

#include "core/delivery/plugin/process/codec.hpp"
#include "core/delivery/plugin/process/messages.hpp"

using namespace outpost::plugin_host;

namespace {

std::string again(const FrameReader::Cut& cut) {
    const Frame frame = encode(decode_from_plugin(cut));
    FrameReader reader(longest_message);
    reader.feed(frame.head);
    const auto same = reader.next();
    if (!same) std::abort();
    return encode(decode_from_plugin(*same)).head;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view octets(reinterpret_cast<const char*>(data), size);
    FrameReader reader(1 << 20);
    try {
        for (std::size_t at = 0; at < size; at += 7) {
            reader.feed(octets.substr(at, 7));
            while (const auto cut = reader.next()) {
                const auto once = encode(decode_from_plugin(*cut)).head;
                if (once != again(*cut)) std::abort();
            }
        }
    } catch (const Malformed&) {
    }
    return 0;
}
