// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "core/app/settings.hpp"
#include "core/base/result.hpp"
#include "core/publication/facts.hpp"
#include "core/publication/record.hpp"

namespace outpost::cli {

/// What should be published of a domain, and what that follows from.
struct Published {
    std::string domain;
    publication::Host host;
    std::optional<publication::Sender> sender;  ///< none: the domain is only the host's name
    publication::Records records;
};

/// Complains, as `command`, and gives the exit code when nothing can be said of the domain.
Result<Published, int> published_for(
    std::string_view command, const app::Settings& settings, const std::string& name
);

}  // namespace outpost::cli
