// SPDX-License-Identifier: Apache-2.0
#include "tests/support/temp_postgres.hpp"

#include <stdlib.h>

#include <atomic>
#include <cerrno>
#include <filesystem>
#include <system_error>

#include <fmt/format.h>

#include "core/foundation/database/session.hpp"

/// libpqxx 6.4 drops the server's last answer (some 2 KB) without freeing it when a connection is
/// lost, as tests provoke; a leak check is not to fail for that.
extern "C" const char* __lsan_default_suppressions() {
    return "leak:libpqxx-6.4.so\n";
}

namespace outpost::test {

namespace fs = std::filesystem;

namespace {

/// The cluster refuses folders with foreign files, and the one mkdtemp makes is ours alone: so it
/// lives in a folder below, which the server's account must be able to reach.
class TemporaryFolder {
  public:
    TemporaryFolder() {
        std::string pattern = (fs::temp_directory_path() / "outpost-test-XXXXXX").string();
        if (::mkdtemp(pattern.data()) == nullptr)
            throw std::system_error(errno, std::generic_category(), "mkdtemp");
        path_ = pattern;
        fs::permissions(path_, fs::perms::others_exec, fs::perm_options::add);
    }
    ~TemporaryFolder() {
        std::error_code ignored;
        fs::remove_all(path_, ignored);
    }
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;
    const fs::path& path() const { return path_; }

  private:
    fs::path path_;
};

/// Destroyed in reverse: the server stops before its folder goes.
struct TemporaryPostgres {
    TemporaryFolder folder;
    db::LocalCluster cluster{
        folder.path() / "pg",
        {.durable = false, .settings = {"shared_buffers=32MB", "max_connections=200"}}
    };
    TemporaryPostgres() { cluster.start(); }
};

}  // namespace

db::LocalCluster& temp_postgres() {
    static TemporaryPostgres one;
    return one.cluster;
}

db::Settings fresh_database() {
    static std::atomic<int> count{0};
    auto& cluster = temp_postgres();
    const auto name = fmt::format("test_{}", ++count);
    db::Settings settings;
    settings.connection = Secret(cluster.connection("postgres"));
    db::Session(settings).exec_script("CREATE DATABASE " + name);
    settings.connection = Secret(cluster.connection(name));
    return settings;
}

}  // namespace outpost::test
