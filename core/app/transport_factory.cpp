// SPDX-License-Identifier: Apache-2.0
#include "core/app/transport_factory.hpp"

#include <asio/thread_pool.hpp>

#include <set>
#include <stdexcept>

#include "core/net/own_addresses.hpp"
#include "core/plugin/registry.hpp"
#include "transports/builtin.hpp"

namespace outpost::app {
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

}  // namespace
struct TransportFactory::State {
    void load_plugins(const Settings& all) {
        for (const auto& file : all.plugins) {
            if (loaded.contains(file)) continue;
            const auto library = registry.load(file);
            if (!library) throw std::runtime_error(library.error());
            loaded.insert(file);
        }
    }

    delivery::TransportPtr make_of_plugin(
        const std::string& name, const transports::PluginSettings& settings
    ) const {
        const plugin::Options options(settings.options.begin(), settings.options.end());
        auto made = registry.make(settings.transport, name, options);
        if (!made) throw std::runtime_error(made.error());
        return *made;
    }

    transports::Services services(const Settings& all) const {
        return {all.tls, {}, doors_of(all), workers};
    }

    mutable asio::thread_pool workers{2};
    plugin::Registry registry;
    std::set<std::filesystem::path> loaded;
};

TransportFactory::TransportFactory() : state_(std::make_unique<State>()) {}
TransportFactory::~TransportFactory() = default;

delivery::TransportPtr TransportFactory::make(
    const Settings& all, const std::string& name, const transports::TransportSettings& settings
) {
    state_->load_plugins(all);
    if (const auto* of_plugin = std::get_if<transports::PluginSettings>(&settings))
        return state_->make_of_plugin(name, *of_plugin);
    return transports::make_transport(name, settings, state_->services(all));
}

}  // namespace outpost::app
