// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace outpost::plugin_host {

/// One message as it goes through the socket: the length of what follows in 4 octets, the kind in
/// one, the data. `tail` is the end of the data where that is too large to be copied.
struct Frame {
    std::string head;
    std::string_view tail = {};
    std::shared_ptr<const void> owner = nullptr;  ///< of the tail
};
Frame make_frame(
    std::uint8_t kind, std::string_view data, std::string_view tail = {},
    std::shared_ptr<const void> owner = nullptr
);

/// Cuts what was read into messages again.
class FrameReader {
  public:
    /// No message may be longer than `most` octets, kind and data together.
    explicit FrameReader(std::size_t most) : most_(most) {}

    struct Cut {
        std::uint8_t kind = 0;
        std::string_view data;
    };
    void feed(std::string_view octets);
    /// The next whole message; valid until the next call of either. Throws Malformed.
    std::optional<Cut> next();

  private:
    std::size_t most_;
    std::string buffer_;
    std::size_t used_ = 0;  ///< octets at the beginning of the buffer that were given out
};

}  // namespace outpost::plugin_host
