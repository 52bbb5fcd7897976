// SPDX-License-Identifier: Apache-2.0
#include "core/delivery/plugin/sdk/abi.hpp"
#include "plugins/lmtp/transport.hpp"

namespace {

using namespace outpost;

Result<delivery::TransportPtr> make(const std::string&, const plugin::Options& options) {
    auto settings = lmtp::parse_settings(options);
    if (!settings) return Err{settings.error()};
    return delivery::TransportPtr(std::make_shared<lmtp::Transport>(std::move(*settings)));
}

void attach(plugin::Registrar& registrar) {
    registrar.transport("lmtp", make);
}

}  // namespace

OUTPOST_PLUGIN("lmtp", "1.0", attach)
