// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "core/server/node/make_snapshot.hpp"
#include "core/server/node/stores.hpp"
#include "core/server/node/watched_files.hpp"

namespace outpost::server {

struct RuntimeOptions {
    std::filesystem::path config_file;  ///< what SIGHUP reads again; empty: SIGHUP is ignored
    unsigned threads = 0;               ///< event loops; 0: one a core
    /// What lasts is kept here and not in the configured PostgreSQL: for tests.
    std::optional<Stores> stores;
    TransportMaker make_transport;
    std::function<void()> on_ready;  ///< called by `run` once everything is up; may be empty
    std::chrono::milliseconds look_at_certificates = std::chrono::seconds(10);  ///< how often
};

/// One running node: builds every part from the settings, owns them, and ends them in reverse
/// order. To be used from one thread, before which the process has started no other (signals).
class Runtime {
  public:
    Runtime(Loaded loaded, RuntimeOptions options);
    /// Stops what runs.
    ~Runtime();

    /// Everything up and listening. Throws, with a sentence for people, when a part cannot be made;
    /// then nothing runs.
    void start();
    /// `start`, then serves until SIGTERM or SIGINT, reloads at SIGHUP, then `stop`. A second
    /// SIGTERM ends the process at once.
    void run();
    /// Takes no more mail, lets deliveries end or gives them back (limits.drain_time), closes.
    /// Idempotent.
    void stop();
    /// Reads the configuration file again. False when it is not usable: the old one stays.
    bool reload();
    /// Reads certificates of listeners again if their files have changed (`run` does so every ten
    /// seconds). What cannot be used changes nothing, and is read again when it changes again: of a
    /// certificate and its key one is always written first.
    void renew_certificates();

    /// The port of a listener on its first address.
    std::uint16_t port(const std::string& listener) const;

  private:
    struct Parts;
    void apply(Loaded next);

    Loaded loaded_;
    const RuntimeOptions options_;
    WatchedFiles certificates_;
    std::unique_ptr<Parts> parts_;
};

}  // namespace outpost::server
