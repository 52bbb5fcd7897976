// SPDX-License-Identifier: Apache-2.0
#include "core/server/node/transport_factory.hpp"

#include <asio/thread_pool.hpp>

#include <set>
#include <stdexcept>

#include "core/delivery/plugin/process/isolated_plugin.hpp"
#include "core/delivery/plugin/sdk/registry.hpp"
#include "core/net/sockets/own_addresses.hpp"
#include "core/server/settings/plugin_transport.hpp"

namespace outpost::server {
namespace {

std::vector<net::Endpoint> doors_of(const Settings& all) {
    std::vector<net::Endpoint> doors;
    for (const auto& [name, listener] : all.listeners) {
        for (const auto& address : listener.addresses) {
            const auto reached = net::reachable_at(address, listener.port);
            doors.insert(doors.end(), reached.begin(), reached.end());
        }
    }
    return doors;
}

plugin_host::HostSettings host_settings(const Settings& all) {
    plugin_host::HostSettings settings;
    settings.memory = all.plugin_processes.memory;
    settings.answer_time = all.plugin_processes.answer_time;
    settings.log_level = all.log_level;
    settings.dns = all.dns;
    settings.tls = all.tls;
    return settings;
}

/// Plugins that are loaded into this process.
class LoadedPlugins {
  public:
    plugin::Registry& of(const Settings& all) {
        for (const auto& file : all.plugins) {
            if (loaded_.contains(file)) continue;
            const auto library = registry_.load(file);
            if (!library) throw std::runtime_error(library.error());
            loaded_.insert(file);
        }
        return registry_;
    }

  private:
    plugin::Registry registry_;
    std::set<std::filesystem::path> loaded_;
};

/// Plugins that run in processes of their own.
class IsolatedPlugins {
  public:
    plugin::Registry& of(const Settings& all) {
        for (const auto& file : all.plugins) {
            if (!opened_.contains(file)) open(file, host_settings(all));
        }
        return registry_;
    }

  private:
    void open(const std::filesystem::path& file, plugin_host::HostSettings settings) {
        const auto plugin = plugin_host::IsolatedPlugin::open(file, std::move(settings));
        if (!plugin) throw std::runtime_error("plugin " + file.string() + ": " + plugin.error());
        for (const auto& type : (*plugin)->types()) {
            const auto make = [plugin = *plugin, type](
                                  const std::string& name, const plugin::Options& options
                              ) { return plugin->make(type, name, options); };
            if (!registry_.add(type, make))
                throw std::runtime_error(
                    "plugin " + file.string() + ": its transport type '" + type + "' exists already"
                );
        }
        opened_.insert(file);
    }

    plugin::Registry registry_;
    std::set<std::filesystem::path> opened_;
};

}  // namespace

struct TransportFactory::State {
    delivery::TransportPtr make_of_plugin(
        const Settings& all, const std::string& name, const PluginSettings& settings
    ) {
        const plugin::Options options(settings.options.begin(), settings.options.end());
        const auto& registry = settings.own_process ? isolated.of(all) : inside.of(all);
        auto made = registry.make(settings.transport, name, options);
        if (!made) throw std::runtime_error(made.error());
        return *made;
    }

    delivery::TransportServices services(
        const Settings& all, const delivery::SecurityPolicies& policies
    ) const {
        return {all.tls, policies, doors_of(all), workers};
    }

    mutable asio::thread_pool workers{2};
    LoadedPlugins inside;
    IsolatedPlugins isolated;
};

TransportFactory::TransportFactory() : state_(std::make_unique<State>()) {}
TransportFactory::~TransportFactory() = default;

delivery::TransportPtr TransportFactory::make(
    const Settings& all, const std::string& name, const delivery::TransportSettings& settings,
    const delivery::SecurityPolicies& policies
) {
    if (const auto* of_plugin = settings.as<PluginSettings>())
        return state_->make_of_plugin(all, name, *of_plugin);
    return settings.config->make(name, state_->services(all, policies));
}

}  // namespace outpost::server
