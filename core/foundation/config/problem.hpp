// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

#include "core/foundation/config/node.hpp"

namespace outpost::config {

enum class Severity { warning, error };

/// How much of the line a message may quote.
enum class Quote {
    line,       ///< all of it, but for secrets
    up_to_key,  ///< only to the end of the key at the position: its value may be anything
    nothing,
};

class Source;

/// One thing wrong with a configuration file, in terms its author understands.
struct Problem {
    Severity severity = Severity::error;
    std::string file;
    Position at;
    std::string path;     ///< "transports.relay.port"; list items count from 1: "routes[2].to"
    std::string message;  ///< "unknown key 'hots'"
    std::string hint;     ///< "did you mean 'host'?", may be empty
    Quote quote = Quote::line;
    std::string source;  ///< the line of the file, without secrets; empty: not to be shown

    /// `outpost.yaml:12:5: error: transports.relay: unknown key 'hots' (did you mean 'host'?)`
    std::string headline() const;
    /// The headline, then the source line and a caret below the place. Ends with a line end.
    std::string text() const;
    bool operator==(const Problem&) const = default;
};

/// Everything found wrong in one reading, in the order of the file.
class Problems {
  public:
    void add(Problem problem);
    const std::vector<Problem>& list() const noexcept { return list_; }
    bool empty() const noexcept { return list_.empty(); }
    bool has_errors() const noexcept;
    std::size_t count(Severity severity) const noexcept;
    /// To be called once, when all have been found: sorts them and quotes the lines that they are
    /// about.
    void finish(const Source& source);
    /// All of them as text, and how many were left out when there are very many.
    std::string text() const;

  private:
    std::vector<Problem> list_;
    std::size_t left_out_ = 0;
};

}  // namespace outpost::config
