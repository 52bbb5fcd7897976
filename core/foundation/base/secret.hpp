// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <string_view>
#include <utility>

namespace outpost {

/// A password or token: wiped when destroyed, and with no way to be formatted or logged.
class Secret {
  public:
    Secret() = default;
    explicit Secret(std::string value) : value_(std::move(value)) {}
    Secret(const Secret&) = default;
    Secret(Secret&& other) noexcept : value_(std::exchange(other.value_, {})) {}
    Secret& operator=(Secret other) noexcept {
        value_.swap(other.value_);
        return *this;
    }
    ~Secret();

    bool empty() const noexcept { return value_.empty(); }
    /// The clear text. Callers keep it no longer than the call that needs it.
    std::string_view reveal() const noexcept { return value_; }
    bool operator==(const Secret&) const = default;

  private:
    std::string value_;
};

}  // namespace outpost
