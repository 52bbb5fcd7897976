// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "core/foundation/config/path.hpp"
#include "core/foundation/config/source.hpp"
#include "core/server/settings/settings.hpp"

namespace outpost::server {

/// Reports problems at places of the file after it has been bound.
class Findings {
  public:
    Findings(const config::Source& source, const config::Node& root, config::Problems& problems)
        : source_(source), root_(root), problems_(problems) {}
    void error(const config::Path& path, std::string message, std::string hint = {});
    void warning(const config::Path& path, std::string message, std::string hint = {});

  private:
    void add(
        config::Severity severity, const config::Path& path, std::string message, std::string hint
    );
    const config::Source& source_;
    const config::Node& root_;
    config::Problems& problems_;
};

/// What no section can see alone: names that point to nothing, ports taken twice, routes that can
/// never match.
void cross_check(const Settings& settings, Findings& findings);

/// Whether every recipient that matches `narrow` matches `wide` too, as far as the conditions show.
/// False when in doubt.
bool covers(const route::Route& wide, const route::Route& narrow);

}  // namespace outpost::server
