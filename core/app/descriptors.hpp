// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace outpost::app {

/// Raises this process's limit of open files as far as it may (from the usual 1024 of a shell).
/// What runs out of them all the same waits: see net::Listener.
void raise_descriptor_limit();

}  // namespace outpost::app
