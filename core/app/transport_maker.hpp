// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "core/app/make_snapshot.hpp"

namespace outpost::app {

/// Loads the plugins of the settings and makes transports of all kinds from then on, at each reload.
/// Throws std::runtime_error that names the plugin that cannot be used.
TransportMaker make_transport_maker(const Settings& settings);

}  // namespace outpost::app
