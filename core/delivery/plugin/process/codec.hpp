// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace outpost::plugin_host {

/// What the other process said makes no sense.
class Malformed : public std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// Writes plain data: numbers in 8 octets, texts after their length. Both processes are the same
/// program on the same machine, so nothing is converted.
class Writer {
  public:
    void number(std::int64_t value);
    void flag(bool value) { number(value ? 1 : 0); }
    void text(std::string_view value);
    template <class List, class Each>
    void list(const List& all, Each each) {
        number(static_cast<std::int64_t>(all.size()));
        for (const auto& one : all)
            each(one);
    }
    std::string take() { return std::move(octets_); }

  private:
    std::string octets_;
};

/// Reads what a Writer wrote; throws Malformed for all else. Trusts nothing: a length is compared
/// with what is there before anything is allocated.
class Reader {
  public:
    explicit Reader(std::string_view octets) : rest_(octets) {}
    std::int64_t number();
    /// A number in [least, most].
    std::int64_t number(std::int64_t least, std::int64_t most);
    bool flag() { return number(0, 1) == 1; }
    std::string_view view();
    std::string text() { return std::string(view()); }
    template <class Each>
    void list(Each each) {
        // Each element has at least one number.
        const auto count = number(0, static_cast<std::int64_t>(rest_.size() / number_octets));
        for (std::int64_t i = 0; i < count; ++i)
            each();
    }
    /// Nothing may be left.
    void end() const;

  private:
    static constexpr std::size_t number_octets = 8;
    std::string_view rest_;
};

}  // namespace outpost::plugin_host
