// SPDX-License-Identifier: Apache-2.0
#include "core/mail/authentication/organizational_domain.hpp"

#include <libpsl.h>

#include <memory>

namespace outpost::authentication {
namespace {

/// The newer of the system's list and the one that libpsl was built with. Read once: a new list
/// takes effect at the next start.
const psl_ctx_t* suffixes() {
    static const std::unique_ptr<psl_ctx_t, decltype(&psl_free)> list(
        psl_latest(nullptr), &psl_free
    );
    return list.get();
}

}  // namespace

dns::Domain organizational_domain(const dns::Domain& domain) {
    const auto* list = suffixes();
    if (list == nullptr) return domain;
    const char* registered = psl_registrable_domain(list, domain.ascii().c_str());
    return registered == nullptr ? domain : dns::Domain::parse(registered).value_or(domain);
}

}  // namespace outpost::authentication
