// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "core/foundation/config/problem.hpp"

namespace outpost::config {

/// The text of a configuration file, as messages quote it.
class Source {
  public:
    Source(std::string name, std::string text);
    const std::string& name() const noexcept { return name_; }
    const std::string& text() const noexcept { return text_; }

    /// A problem at a place of this file.
    Problem problem(
        Severity severity, Position at, std::string path, std::string message,
        std::string hint = {}, Quote quote = Quote::line
    ) const;
    /// Lines are never quoted beyond this place: a secret begins there.
    void conceal(Position at);
    /// What may be shown of the line. Values that may be secrets by their key are left out, too: a
    /// misspelt key may stand before one.
    std::string quotable(Position at, Quote quote) const;
    /// Behind the last character that is no white space.
    Position end() const noexcept;
    /// Whether that line begins with white space that holds a tab, which YAML forbids.
    bool indents_with_tab(int line) const noexcept;

  private:
    std::string_view line(int number) const noexcept;
    std::string name_;
    std::string text_;
    std::vector<std::size_t> starts_;
    std::vector<Position> secrets_;
};

}  // namespace outpost::config
