// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace outpost::db {

/// A PostgreSQL server of our own in one directory, reached over a Unix socket only. For trying
/// Outpost out, for small installations and for tests; PostgreSQL must be installed.
class LocalCluster {
  public:
    struct Options {
        /// False: no fsync and no synchronous commit, for tests: a crash may lose everything.
        bool durable = true;
        /// More settings as "name=value", which win over ours.
        std::vector<std::string> settings;
    };

    /// `directory` is the server's alone: missing, empty, or an earlier cluster.
    explicit LocalCluster(std::filesystem::path directory);
    LocalCluster(std::filesystem::path directory, Options options);
    /// Stops the server.
    ~LocalCluster();
    LocalCluster(const LocalCluster&) = delete;
    LocalCluster& operator=(const LocalCluster&) = delete;

    /// Creates the cluster if there is none, starts the server unless it runs already, waits until
    /// it answers and creates the database "outpost" if it is missing. Throws std::runtime_error
    /// with advice when PostgreSQL is missing or does not start.
    void start();
    /// Ends the server in order (its "fast" shutdown) and waits for it. Idempotent.
    void stop();

    /// A libpq connection string.
    std::string connection(const std::string& database) const;
    /// Whether `start` had to create the cluster.
    bool was_created() const noexcept;

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace outpost::db
