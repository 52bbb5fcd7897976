// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace outpost::plugin_host {

/// The whole life of a plugin's process: hosts one plugin for the server at the other end of the
/// inherited socket, and ends when the server does. Returns the exit status.
int serve_plugin();

}  // namespace outpost::plugin_host
