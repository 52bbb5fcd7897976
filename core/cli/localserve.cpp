// SPDX-License-Identifier: Apache-2.0
#include <iostream>
#include <thread>

#include "core/cli/commands.hpp"
#include "core/cli/directory_lock.hpp"
#include "core/cli/local_files.hpp"
#include "core/cli/sample.hpp"
#include "core/cli/story.hpp"
#include "core/foundation/database/local_cluster.hpp"
#include "core/server/node/runtime.hpp"
#include "core/server/node/transport_factory.hpp"

namespace outpost::cli {
namespace {

/// --port-base moves the three doors and the sink, whatever the file says.
void move_ports(server::Settings& settings, int base) {
    for (const auto& [name, offset] :
         {std::pair{"relay", 25}, std::pair{"submission", 587}, std::pair{"submissions", 465}}) {
        const auto listener = settings.listeners.find(name);
        if (listener != settings.listeners.end())
            listener->second.port = static_cast<std::uint16_t>(base + offset);
    }
    if (!settings.sink) return;
    settings.sink->listen.port = static_cast<std::uint16_t>(base + 26);
    const auto sink = settings.transports.find("sink");
    if (sink == settings.transports.end()) return;
    if (auto moved = sink->second.config->at_port(settings.sink->listen.port))
        sink->second.config = std::move(moved);
}

std::uint16_t port_of(const server::Settings& settings, const char* listener) {
    const auto found = settings.listeners.find(listener);
    return found == settings.listeners.end() ? 0 : found->second.port;
}

/// The program as it can be called from anywhere: it need not be in the path.
std::string this_program() {
    std::error_code unknown;
    const auto path = std::filesystem::read_symlink("/proc/self/exe", unknown);
    return unknown ? "outpost" : path.string();
}

void say_hello(const server::Settings& settings, const LocalFiles& files) {
    std::cout << "Outpost is running; everything it keeps is in " << files.directory.string()
              << "\n"
              << "  relay        127.0.0.1:" << port_of(settings, "relay")
              << " (from this machine, no login)\n"
              << "  submission   127.0.0.1:" << port_of(settings, "submission")
              << " (STARTTLS), 127.0.0.1:" << port_of(settings, "submissions") << " (TLS); login "
              << local_account << ", password " << files.password() << "\n"
              << "  received     " << files.mail().string()
              << "/*.eml (nothing leaves this machine)\n"
              << "  look inside  " << this_program() << " psql --dir " << files.directory.string()
              << " -c 'SELECT * FROM outpost.recipients'\n"
              << "               psql -d \"" << settings.database.connection.reveal() << "\"\n"
              << "Ctrl-C stops everything.\n"
              << std::flush;
}

/// Sends the sample and tells its story once it has come to an end (or after a while).
void show_sample(const server::Settings& settings, const LocalFiles& files) {
    try {
        SampleOptions sample;
        sample.submission_port = port_of(settings, "submission");
        sample.ca_file = files.tls() / "ca.pem";
        sample.account = local_account;
        sample.password = Secret(files.password());
        const std::int64_t id = send_sample(sample);
        db::Session session(settings.database);
        for (int i = 0; i < 100 && !is_over(session, id); ++i)
            std::this_thread::sleep_for(std::chrono::milliseconds(100));
        std::cout << "\nThe story of a message (" << this_program() << " why --dir "
                  << files.directory.string() << " " << id << "):\n"
                  << tell_story(session, id) << "\n"
                  << std::flush;
    } catch (const std::exception& error) {
        std::cerr << "the sample message: " << error.what() << "\n";
    }
}

int serve_locally(const LocalOptions& options) {
    const LocalFiles files{options.directory};
    std::filesystem::create_directories(files.directory);
    const DirectoryLock only_one(files.directory);
    db::LocalCluster cluster(files.cluster());
    cluster.start();
    files.prepare(cluster.connection("outpost"), options.port_base.value_or(1000));

    auto loaded = load_or_complain(files.config());
    if (!loaded) return config_error;
    if (options.port_base) move_ports(loaded->settings, *options.port_base);
    const server::Settings settings = loaded->settings;

    server::TransportFactory transports;
    std::thread sample;
    server::RuntimeOptions runtime_options;
    runtime_options.config_file = options.port_base ? std::filesystem::path() : files.config();
    runtime_options.make_transport = [&transports](
                                         const server::Settings& all, const std::string& name,
                                         const delivery::TransportSettings& one,
                                         const delivery::SecurityPolicies& policies
                                     ) { return transports.make(all, name, one, policies); };
    runtime_options.on_ready = [&] {
        say_hello(settings, files);
        if (options.send_sample) sample = std::thread([&] { show_sample(settings, files); });
    };
    server::Runtime runtime(std::move(*loaded), std::move(runtime_options));
    runtime.run();
    if (sample.joinable()) sample.join();
    return ok;
}

}  // namespace

int localserve(const LocalOptions& options) {
    if (options.port_base && (*options.port_base < 1 || *options.port_base > 64000)) {
        std::cerr << "outpost localserve: --port-base is a number from 1 to 64000\n";
        return usage;
    }
    try {
        return serve_locally(options);
    } catch (const std::exception& error) {
        std::cerr << "outpost localserve: " << error.what() << "\n";
        return software;
    }
}

}  // namespace outpost::cli
