// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>

#include "core/server/settings/settings.hpp"

namespace outpost::server {

/// Raises this process's limit of open files as far as it may (from the usual 1024 of a shell).
/// What runs out of them all the same waits: see net::Listener.
void raise_descriptor_limit();

/// How many files this process may have open.
std::size_t descriptor_limit();

/// The limits that fit: no more deliveries at once than `descriptors` suffice for beside the
/// clients that the listeners admit (which get no more than half of them), our own needs, and
/// sessions that are being ended.
dispatch::Settings within_descriptors(const Settings& settings, std::size_t descriptors);

}  // namespace outpost::server
