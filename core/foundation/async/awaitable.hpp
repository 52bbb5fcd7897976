// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <asio/any_io_executor.hpp>
#include <asio/awaitable.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>

namespace outpost {

template <class T>
using awaitable = asio::awaitable<T>;
using asio::use_awaitable;
using Executor = asio::any_io_executor;

}  // namespace outpost
