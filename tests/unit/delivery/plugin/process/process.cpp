// SPDX-License-Identifier: Apache-2.0
// The process of a plugin, for tests: the server's program without the server.
#include "core/delivery/plugin/process/serve.hpp"

int main() {
    return outpost::plugin_host::serve_plugin();
}
