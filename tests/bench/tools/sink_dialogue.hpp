// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/bench/tools/ledger.hpp"

namespace outpost::bench {

/// The receiving side of one SMTP connection, without its I/O: octets in, replies out. Takes all
/// mail.
class SinkDialogue {
  public:
    explicit SinkDialogue(Ledger& ledger) : ledger_(ledger) {}

    static constexpr std::string_view greeting = "220 sink.bench.test ESMTP\r\n";
    void receive(std::string_view octets) { input_.append(octets); }
    /// The reply to the next command or message; none when more input is needed for it.
    std::optional<std::string_view> next_reply();
    /// The client has said QUIT: close when all replies are out.
    bool ended() const noexcept { return ended_; }

  private:
    std::optional<std::string_view> content_reply();
    std::string_view command_reply(std::string_view line);
    std::string_view rest() const { return std::string_view(input_).substr(used_); }
    void use(std::size_t octets);

    Ledger& ledger_;
    std::string input_;
    std::size_t used_ = 0;     ///< of the input
    std::size_t scanned_ = 0;  ///< of the rest: no end of data begins before it
    std::vector<std::string> recipients_;
    bool in_content_ = false, ended_ = false;
};

}  // namespace outpost::bench
