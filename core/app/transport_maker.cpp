// SPDX-License-Identifier: Apache-2.0
#include "core/app/transport_maker.hpp"

#include <asio/thread_pool.hpp>

#include <memory>
#include <stdexcept>
#include <utility>
#include <variant>

#include "core/async/promise.hpp"
#include "core/base/log.hpp"
#include "core/plugin/library.hpp"
#include "core/plugin/registry.hpp"
#include "core/sasl/token_source.hpp"
#include "transports/builtin.hpp"

namespace outpost::app {
namespace {

/// What all transports share, for as long as one of them lives.
struct Shared {
    plugin::Registry plugins;
    asio::thread_pool workers{2};  ///< fetching a token blocks
};

awaitable<Secret> fetch(std::shared_ptr<Shared> shared, std::shared_ptr<sasl::TokenSource> source) {
    auto get = [source] { return source->get(); };
    auto token = co_await on_pool(shared->workers, std::move(get));
    if (!token) throw std::runtime_error(token.error());
    co_return std::move(token).value();
}

transports::TokenProvider token_provider(std::shared_ptr<Shared> shared, const sasl::TokenSettings& settings) {
    auto source = std::make_shared<sasl::TokenSource>(settings);
    return [shared = std::move(shared), source = std::move(source)] { return fetch(shared, source); };
}

delivery::TransportPtr from_plugin(
    const plugin::Registry& plugins, const std::string& name, const transports::PluginSettings& settings
) {
    const plugin::Options options(settings.options.begin(), settings.options.end());
    auto made = plugins.make(settings.transport, name, options);
    if (!made) throw std::runtime_error(made.error());
    return std::move(made).value();
}

}  // namespace

TransportMaker make_transport_maker(const Settings& settings) {
    auto shared = std::make_shared<Shared>();
    for (const auto& file : settings.plugins) {
        const auto library = shared->plugins.load(file);
        if (!library) throw std::runtime_error(library.error());
        log::info("plugin", "{} {} from {}", (*library)->name(), (*library)->version(), file.string());
    }
    return [shared](const Settings& all, const std::string& name, const transports::TransportSettings& transport) {
        if (const auto* plugin = std::get_if<transports::PluginSettings>(&transport)) {
            return from_plugin(shared->plugins, name, *plugin);
        }
        transports::Services services;
        services.tls = all.tls;
        services.tokens = [shared](const sasl::TokenSettings& tokens) { return token_provider(shared, tokens); };
        return transports::make_transport(name, transport, services);
    };
}

}  // namespace outpost::app
