// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <chrono>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "core/delivery/plugin/sdk/abi.hpp"

namespace outpost::plugin {

/// Reads a plugin's options and collects what is wrong with them, so that a person hears of all
/// mistakes at once:
///
///     OptionReader reader(options);
///     const auto host = reader.text("host", "localhost");
///     const auto port = reader.number("port", 24, 1, 65535);
///     if (auto problems = reader.problems()) return Err{*problems};
class OptionReader {
  public:
    explicit OptionReader(const Options& options) : options_(options) {}

    std::string text(std::string_view key, std::string fallback = {});
    std::int64_t number(
        std::string_view key, std::int64_t fallback, std::int64_t least, std::int64_t most
    );
    /// true, false, yes, no.
    bool truth(std::string_view key, bool fallback);
    /// "30s", "5m", "2h"; a bare number is seconds.
    std::chrono::seconds span(
        std::string_view key, std::chrono::seconds fallback, std::chrono::seconds most
    );
    void complain(std::string sentence);
    /// To be asked last: options that nobody read are mistakes too.
    std::optional<std::string> problems();

  private:
    const std::string* find(std::string_view key);

    const Options& options_;
    std::set<std::string, std::less<>> known_;
    std::string problems_;
};

}  // namespace outpost::plugin
