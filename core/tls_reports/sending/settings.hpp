// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>

#include "core/tls_reports/sending/submitter.hpp"

/// Sending TLS reports (RFC 8460): once for each day and domain, whatever the number of nodes.
namespace outpost::tls_reports {

struct Settings {
    bool send = true;
    bool successes_too = false;          ///< reports where nothing went wrong
    std::optional<Submitter> submitter;  ///< none: no reports can be sent
};

}  // namespace outpost::tls_reports
