// SPDX-License-Identifier: Apache-2.0
#include "core/server/settings/plugin_transport.hpp"

#include <stdexcept>

namespace outpost::server {
namespace {

class PluginConfig final : public delivery::TransportConfigOf<PluginSettings> {
  public:
    using TransportConfigOf::TransportConfigOf;
    delivery::TransportPtr make(const std::string& name, const delivery::TransportServices&)
        const override {
        throw std::invalid_argument("transport " + name + " is a plugin's");
    }
};

}  // namespace

delivery::TransportKind plugin_kind() {
    return delivery::transport_kind<PluginConfig>(
        "plugin",
        config::Spec<PluginSettings>("plugin", "A transport that a plugin brings along.")
            .required(
                "transport", &PluginSettings::transport, config::words(),
                "The name that the plugin gave it."
            )
            .key(
                "options", &PluginSettings::options, config::free_options(),
                "What the plugin wants to know."
            )
            .key(
                "own_process", &PluginSettings::own_process, config::boolean(),
                "Run it in a process of its own (see `plugin_processes`), so that its crash is not "
                "the server's. `false` saves some time for each message."
            )
            .type()
    );
}

}  // namespace outpost::server
