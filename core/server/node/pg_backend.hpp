// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>

#include "core/server/node/backend.hpp"

namespace outpost::server {

/// Version of this program, as nodes and logs show it.
const char* program_version() noexcept;

/// Connects to the configured PostgreSQL, brings the schema up to date, publishes the configuration
/// and registers this node. Throws db::Unavailable or db::Error with a sentence for people.
std::unique_ptr<Backend> open_pg_backend(const Loaded& loaded);

}  // namespace outpost::server
