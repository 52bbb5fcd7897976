// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "core/foundation/base/result.hpp"
#include "core/foundation/config/path.hpp"
#include "core/foundation/config/source.hpp"

namespace outpost::config {

/// What reading a configuration may ask of the machine around it.
struct Environment {
    std::filesystem::path directory;  ///< relative paths start here
    /// The content of a small file, or why it cannot be had.
    std::function<Result<std::string>(const std::filesystem::path&)> read_file;
    /// Empty when the file can be opened for reading, else why not.
    std::function<std::string(const std::filesystem::path&)> why_unreadable;
    std::function<std::optional<std::string>(const std::string&)> variable;
    bool pretended = false;  ///< contents are made up: their form says nothing

    /// The machine itself.
    static Environment real(std::filesystem::path directory);
    /// One where every file and variable exists: to check a file meant for another machine.
    static Environment assumed(std::filesystem::path directory);
};

/// Carries a reading: where it is in the tree, and what was found wrong so far.
class Reader {
  public:
    Reader(Source& source, const Environment& environment, Problems& problems)
        : source_(source), environment_(environment), problems_(problems) {}

    const Environment& environment() const noexcept { return environment_; }

    void error(Position at, std::string message, std::string hint = {}, Quote quote = Quote::line);
    void warning(Position at, std::string message, std::string hint = {});
    /// "expected a number, found the text 'abc'"
    void expected(std::string_view what, const Node& found, std::string hint = {});

    /// Keeps what stands at this place out of quoted lines.
    void conceal(Position at) { source_.conceal(at); }

    /// Extends the path while it lives.
    class Scope {
      public:
        Scope(Reader& reader, Step step) : reader_(reader) {
            reader_.path_.push_back(std::move(step));
        }
        ~Scope() { reader_.path_.pop_back(); }
        Scope(const Scope&) = delete;
        Scope& operator=(const Scope&) = delete;

      private:
        Reader& reader_;
    };

  private:
    Source& source_;
    const Environment& environment_;
    Problems& problems_;
    Path path_;
};

}  // namespace outpost::config
