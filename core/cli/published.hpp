// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "core/domains/records/facts.hpp"
#include "core/domains/records/record.hpp"
#include "core/foundation/base/result.hpp"
#include "core/server/settings/settings.hpp"

namespace outpost::cli {

/// What should be published of a domain, and what that follows from.
struct Published {
    std::string domain;
    domain_records::Host host;
    std::optional<domain_records::Sender> sender;  ///< none: the domain is only the host's name
    domain_records::Records records;
};

/// Complains, as `command`, and gives the exit code when nothing can be said of the domain.
Result<Published, int> published_for(
    std::string_view command, const server::Settings& settings, const std::string& name
);

}  // namespace outpost::cli
