// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "core/delivery/interface/transport.hpp"
#include "core/delivery/plugin/process/frames.hpp"
#include "core/delivery/plugin/sdk/abi.hpp"
#include "core/foundation/base/log.hpp"
#include "core/net/dns/settings.hpp"
#include "core/net/tls/context.hpp"

/// What the server and the process of a plugin say to each other.
namespace outpost::plugin_host {

// From the server.

/// The first message: which library, and what it needs of the configuration.
struct Setup {
    std::string file;
    log::Level log_level = log::Level::info;
    std::uint64_t memory = 0;  ///< octets that the process may use; 0: as many as it likes
    std::size_t threads = 1;
    dns::Settings dns;
    tls::ClientSettings tls;
};
/// Answered by Made.
struct Make {
    std::uint32_t transport = 0;  ///< the number by which it is called from now on
    std::string type, name;
    plugin::Options options;
};
struct Prune {
    std::uint32_t transport = 0;
};
struct Drop {
    std::uint32_t transport = 0;
};
/// A job; its body follows in Content, and then it starts. Answered by Outcome or Fault.
struct Start {
    std::uint64_t number = 0;
    std::uint32_t transport = 0;
    std::string ehlo_name;
    Duration left{};            ///< until the attempt's deadline
    delivery::DeliveryJob job;  ///< the body of its message is empty
    std::uint64_t body_octets = 0;
};
struct Content {
    std::uint64_t job = 0;
    std::string_view octets;
};
/// Answers Ask.
struct Answer {
    std::uint64_t job = 0;
    std::int64_t question = 0;
    bool yes = false;
};
/// Answered by Pong once all threads of the process have looked up from their work.
struct Ping {
    std::int64_t number = 0;
};
using ToPlugin = std::variant<Setup, Make, Prune, Drop, Start, Content, Answer, Ping>;

// From the plugin's process.

using Lines = std::vector<delivery::TranscriptLine>;

/// Answers Setup.
struct Hello {
    std::string error;  ///< why the library cannot be used; empty: it can
    std::string name;   ///< the plugin's own
    std::vector<std::string> types;
};
struct Made {
    std::uint32_t transport = 0;
    std::string error;  ///< empty: it was made
    bool per_domain = false, can_require_tls = false;
};
struct Reached {
    std::uint64_t job = 0;
    delivery::Stage stage{};
    Lines lines;
};
/// May the step be taken that cannot be taken back?
struct Ask {
    std::uint64_t job = 0;
    std::int64_t question = 0;
    std::vector<std::int32_t> recipients;
    Lines lines;
};
struct Outcome {
    std::uint64_t job = 0;
    delivery::DeliveryOutcome outcome;
    Lines lines;
};
/// The transport threw an exception.
struct Fault {
    std::uint64_t job = 0;
    std::string text;
    Lines lines;
};
struct Pong {
    std::int64_t number = 0;
};
using FromPlugin = std::variant<Hello, Made, Reached, Ask, Outcome, Fault, Pong>;

/// The longest messages, either way.
constexpr std::size_t longest_message = 64 * 1024 * 1024;
/// Content goes in pieces of at most this size.
constexpr std::size_t content_piece = 256 * 1024;

Frame encode(const ToPlugin& message);
Frame encode(const FromPlugin& message);
/// Content that is not copied.
Frame encode_content(std::uint64_t job, std::string_view octets, std::shared_ptr<const void> owner);

/// Both throw Malformed. Content refers to `cut`.
ToPlugin decode_to_plugin(const FrameReader::Cut& cut);
FromPlugin decode_from_plugin(const FrameReader::Cut& cut);

}  // namespace outpost::plugin_host
