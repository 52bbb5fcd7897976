// SPDX-License-Identifier: Apache-2.0
#include "core/delivery/plugin/process/frames.hpp"

#include <cstring>
#include <utility>

#include "core/delivery/plugin/process/codec.hpp"

namespace outpost::plugin_host {

Frame make_frame(
    std::uint8_t kind, std::string_view data, std::string_view tail,
    std::shared_ptr<const void> owner
) {
    const auto size = static_cast<std::uint32_t>(1 + data.size() + tail.size());
    Frame frame{std::string(sizeof size, '\0'), tail, std::move(owner)};
    std::memcpy(frame.head.data(), &size, sizeof size);
    frame.head.push_back(static_cast<char>(kind));
    frame.head.append(data);
    return frame;
}

void FrameReader::feed(std::string_view octets) {
    buffer_.erase(0, std::exchange(used_, 0));
    buffer_.append(octets);
}

std::optional<FrameReader::Cut> FrameReader::next() {
    const std::string_view rest = std::string_view(buffer_).substr(used_);
    std::uint32_t size = 0;
    if (rest.size() < sizeof size) return std::nullopt;
    std::memcpy(&size, rest.data(), sizeof size);
    if (size == 0 || size > most_) throw Malformed("a message of impossible length");
    if (rest.size() - sizeof size < size) return std::nullopt;
    used_ += sizeof size + size;
    const auto whole = rest.substr(sizeof size, size);
    return Cut{static_cast<std::uint8_t>(whole.front()), whole.substr(1)};
}

}  // namespace outpost::plugin_host
