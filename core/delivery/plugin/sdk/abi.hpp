// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "core/delivery/interface/transport.hpp"
#include "core/delivery/plugin/sdk/build_id.hpp"
#include "core/foundation/base/result.hpp"

/// The entry to the SDK: what a plugin includes, and what it exports.
///
///     void attach(outpost::plugin::Registrar& registrar) {
///         registrar.transport("carrier-pigeon", make_pigeon);
///     }
///     OUTPOST_PLUGIN("pigeons", "1.0", attach)
namespace outpost::plugin {

/// The `options:` of the transport in the configuration, in the order of their names; scalars as
/// text.
using Options = std::vector<std::pair<std::string, std::string>>;

/// Makes a transport. `name` is what the configuration calls it. The error is a sentence for the
/// person who wrote the options (core/delivery/plugin/sdk/options.hpp helps). Called on any thread,
/// again at each reload of the configuration; the old transport lives on as long as attempts use
/// it.
using TransportFactory =
    std::function<Result<delivery::TransportPtr>(const std::string& name, const Options& options)>;

/// Where a plugin says what it brings along. Valid only during `attach`.
class Registrar {
  public:
    virtual ~Registrar() = default;
    /// `type` is what `transport:` in the configuration names. A type that exists already is
    /// refused, and with it the plugin.
    virtual void transport(std::string type, TransportFactory factory) = 0;
};

/// Grows when Descriptor or Registrar change.
constexpr std::uint32_t abi_version = 1;

/// What the library exports under the name `outpost_plugin`. Plain data, readable whatever built
/// it: its first three members never change.
struct Descriptor {
    std::uint32_t abi_version;
    const char* build_id;
    const char* name;
    const char* version;  ///< the plugin's own, for people
    void (*attach)(Registrar& registrar);
};

}  // namespace outpost::plugin

#define OUTPOST_PLUGIN(plugin_name, plugin_version, attach_function)                   \
    extern "C" __attribute__((visibility("default")))                                  \
    const ::outpost::plugin::Descriptor outpost_plugin;                                \
    const ::outpost::plugin::Descriptor outpost_plugin = {                             \
        ::outpost::plugin::abi_version, OUTPOST_BUILD_ID, plugin_name, plugin_version, \
        attach_function                                                                \
    };
