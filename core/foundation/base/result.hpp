// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <utility>
#include <variant>

namespace outpost {

/// Wraps an error so that it converts to any Result with that error type.
template <class E>
struct Err {
    E error;
};
template <class E>
Err(E) -> Err<E>;
Err(const char*) -> Err<std::string>;

/// A value or the reason why there is none: for answers that a caller must weigh (a malformed
/// address, a DNS failure). Names follow std::expected, which C++20 lacks.
template <class T, class E = std::string>
class [[nodiscard]] Result {
  public:
    Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
    template <class F>
    Result(Err<F> err) : state_(std::in_place_index<1>, std::move(err.error)) {}

    bool has_value() const noexcept { return state_.index() == 0; }
    explicit operator bool() const noexcept { return has_value(); }

    T& value() & { return std::get<0>(state_); }
    const T& value() const& { return std::get<0>(state_); }
    T&& value() && { return std::get<0>(std::move(state_)); }
    T& operator*() & { return *std::get_if<0>(&state_); }
    const T& operator*() const& { return *std::get_if<0>(&state_); }
    T&& operator*() && { return std::move(*std::get_if<0>(&state_)); }
    T* operator->() { return std::get_if<0>(&state_); }
    const T* operator->() const { return std::get_if<0>(&state_); }
    const E& error() const& { return std::get<1>(state_); }
    E&& error() && { return std::get<1>(std::move(state_)); }
    T value_or(T other) const& { return has_value() ? value() : std::move(other); }

  private:
    std::variant<T, E> state_;
};

}  // namespace outpost
