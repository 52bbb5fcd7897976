// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <chrono>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "core/net/sockets/listener.hpp"
#include "core/reception/submission/sessions.hpp"

namespace outpost::submission {

/// A message that the sink has taken.
struct SunkMessage {
    std::uint64_t number = 0;
    mail::Address mail_from;
    std::vector<mail::Address> recipients;
    std::string content;
};

/// What a recipient's local part asks the sink to do, by its end: "temperror" 451, "permerror" 550,
/// three digits of the classes 4 and 5 that code ("user452"), "timeout" a long silence, "greylist"
/// 451 at the first time.
enum class SinkTrick { none, reply, hang, greylist };
struct SinkWish {
    SinkTrick trick = SinkTrick::none;
    int code = 0;  ///< for reply
};
SinkWish sink_wish(std::string_view local_part);

struct SinkOptions {
    net::Endpoint at;
    std::string hostname = "sink.invalid";
    std::filesystem::path directory;  ///< the newest messages are kept here as .eml; empty: nowhere
    std::size_t keep = 1000;          ///< so many, in memory and in the directory
    std::size_t keep_octets = 64 << 20;  ///< and in memory no more than this
    tls::ContextPtr tls;                 ///< offers STARTTLS where there is one
    std::chrono::seconds silence{300};   ///< of the "timeout" trick
};

/// A receiving mail server that takes all mail, so that nothing leaves the machine while someone
/// tries things out. Thread-safe; must end before the loops do.
class Sink {
  public:
    /// Opens the port. Throws when it or the directory cannot be used.
    Sink(EventLoops& loops, SinkOptions options);
    ~Sink();

    void start();
    void stop();
    awaitable<bool> join(Deadline deadline);
    std::uint16_t port() const;
    /// How many messages have been taken since the start.
    std::uint64_t received() const;
    /// The newest ones, oldest first.
    std::vector<SunkMessage> messages() const;

  private:
    class Policy;
    std::shared_ptr<Policy> policy_;
    SessionProfile profile_;
    TaskGroup tasks_;
    Sessions sessions_;
    net::Listener listener_;
};

}  // namespace outpost::submission
