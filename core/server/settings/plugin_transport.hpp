// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <map>
#include <string>

#include "core/delivery/modules/transport_kind.hpp"

namespace outpost::server {

/// A transport of a plugin, which alone understands the options.
struct PluginSettings {
    std::string transport;  ///< the name that the plugin registered
    std::map<std::string, std::string> options;
    bool own_process = true;  ///< false: in the server's, which dies with it
};

/// It is made by the plugin (TransportFactory), not by itself.
delivery::TransportKind plugin_kind();

}  // namespace outpost::server
