// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <set>
#include <string>

#include "core/net/dns/wire.hpp"

namespace outpost::dns {

/// Follows CNAMEs (RFC 1034 section 3.6.2) through one response after another. Pure.
class Chain {
  public:
    enum class State {
        done,      ///< `answer` is complete
        ask_next,  ///< the chain leads out of this response: ask for `name`
        broken,    ///< a loop, or more than 16 CNAMEs
    };

    explicit Chain(Question question);
    /// The name to ask for now.
    const std::string& name() const noexcept { return answer_.canonical_name; }
    /// Takes a response (NOERROR or NXDOMAIN) to the question for `name`, and how far it may be
    /// believed. The answer is as secure as the weakest response was.
    State take(const Response& response, Security security);
    const Answer& answer() const noexcept { return answer_; }

  private:
    bool step(const Response& response, State& state);
    void limit_ttl(std::chrono::seconds ttl);
    void weaken(const Response& response, Security security);

    Type type_;
    Answer answer_;
    std::set<std::string> seen_;
    bool ttl_known_ = false, security_known_ = false;
};

}  // namespace outpost::dns
