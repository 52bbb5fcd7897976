// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>

#include "core/net/dns/resolver.hpp"
#include "core/net/dns/settings.hpp"

namespace outpost::dns {

/// A resolver that asks recursive servers and remembers their answers; settings.hpp says who
/// decides whether they are secure. Throws std::runtime_error when the trust anchors cannot be
/// read.
std::shared_ptr<Resolver> make_resolver(Settings settings);

}  // namespace outpost::dns
