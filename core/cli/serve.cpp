// SPDX-License-Identifier: Apache-2.0
#include <iostream>

#include "core/cli/commands.hpp"
#include "core/foundation/database/migrate.hpp"
#include "core/server/node/runtime.hpp"
#include "core/server/node/transport_factory.hpp"

namespace outpost::cli {

int serve(server::Loaded loaded, const std::filesystem::path& file) {
    server::TransportFactory transports;
    server::RuntimeOptions options;
    options.config_file = file;
    options.make_transport = [&transports](
                                 const server::Settings& all, const std::string& name,
                                 const delivery::TransportSettings& settings,
                                 const delivery::SecurityPolicies& policies
                             ) { return transports.make(all, name, settings, policies); };
    try {
        server::Runtime runtime(std::move(loaded), std::move(options));
        runtime.run();
    } catch (const std::exception& error) {
        std::cerr << "outpost serve: " << error.what() << "\n";
        return software;
    }
    return ok;
}

int migrate(const server::Loaded& loaded) {
    try {
        db::Session session(loaded.settings.database);
        const db::Migrated done = db::migrate(session);
        if (done.from_0_1) std::cout << "took over the database of outpost 0.1\n";
        if (done.nothing())
            std::cout << "the schema is up to date\n";
        else
            std::cout << "applied " << done.steps << " steps and " << done.objects
                      << " views, functions and triggers\n";
    } catch (const std::exception& error) {
        std::cerr << "outpost migrate: " << error.what() << "\n";
        return unavailable;
    }
    return ok;
}

}  // namespace outpost::cli
