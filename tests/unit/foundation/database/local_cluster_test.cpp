// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "core/foundation/database/child_process.hpp"
#include "core/foundation/database/local_cluster.hpp"
#include "core/foundation/database/session.hpp"

using namespace outpost;
namespace fs = std::filesystem;

namespace {

struct Folder {
    Folder() {
        std::string pattern = (fs::temp_directory_path() / "outpost-test-XXXXXX").string();
        REQUIRE(::mkdtemp(pattern.data()) != nullptr);
        path = pattern;
        fs::permissions(path, fs::perms::others_exec, fs::perm_options::add);
    }
    ~Folder() {
        std::error_code ignored;
        fs::remove_all(path, ignored);
    }
    fs::path path;
};

db::Settings settings_of(const db::LocalCluster& cluster) {
    db::Settings settings;
    settings.connection = Secret(cluster.connection("outpost"));
    return settings;
}

pid_t postmaster_of(const fs::path& directory) {
    pid_t pid = 0;
    std::ifstream(directory / "data" / "postmaster.pid") >> pid;
    return pid;
}

const db::LocalCluster::Options quick{.durable = false, .settings = {"shared_buffers=16MB"}};

}  // namespace

TEST_CASE("a cluster is created once, keeps its data and stops") {
    const Folder folder;
    const auto directory = folder.path / "pg";
    {
        db::LocalCluster cluster(directory, quick);
        cluster.start();
        CHECK(cluster.was_created());
        CHECK(::getsid(postmaster_of(directory)) != ::getsid(0));  // out of the reach of our Ctrl-C
        CHECK((fs::status(directory).permissions() & fs::perms::mask) == fs::perms::owner_all);
        db::Session session(settings_of(cluster));
        session.exec_script("CREATE TABLE kept (x int); INSERT INTO kept VALUES (7)");
        CHECK(session.exec_script("SHOW listen_addresses").at(0).text(0).empty());
        CHECK(session.exec_script("SHOW shared_buffers").at(0).text(0) == "16MB");
        cluster.stop();  // although a client is connected
        CHECK_FALSE(fs::exists(directory / "data" / "postmaster.pid"));
        CHECK_THROWS_AS(session.exec_script("SELECT 1"), db::Unavailable);
    }
    db::LocalCluster again(directory, quick);
    again.start();
    CHECK_FALSE(again.was_created());
    CHECK(db::Session(settings_of(again)).exec_script("SELECT x FROM kept").at(0).number(0) == 7);

    db::LocalCluster second(directory, quick);  // one that runs already is taken over
    second.start();
    second.stop();
    CHECK_FALSE(fs::exists(directory / "data" / "postmaster.pid"));
}

TEST_CASE("a server that was killed starts again") {
    const Folder folder;
    const auto directory = folder.path / "pg";
    db::LocalCluster cluster(directory, quick);
    cluster.start();
    const pid_t postmaster = postmaster_of(directory);
    REQUIRE(postmaster > 0);
    ::kill(postmaster, SIGKILL);
    while (::kill(postmaster, 0) == 0)
        ::usleep(20'000);
    CHECK(fs::exists(directory / "data" / "postmaster.pid"));  // stale now
    cluster.start();
    CHECK(db::Session(settings_of(cluster)).exec_script("SELECT 1").at(0).number(0) == 1);
}

TEST_CASE("folders that will not do are refused with the reason") {
    const Folder folder;
    db::LocalCluster deep(folder.path / std::string(100, 'x'), quick);
    CHECK_THROWS_WITH(deep.start(), doctest::Contains("too long for a Unix socket"));
    std::ofstream(folder.path / "letter.txt") << "mine";
    db::LocalCluster foreign(folder.path, quick);
    CHECK_THROWS_WITH(foreign.start(), doctest::Contains("holds other files"));
    CHECK(fs::exists(folder.path / "letter.txt"));
}

TEST_CASE("a program's status and output are reported") {
    const db::Account self{::geteuid(), ::getegid()};
    const auto ended = db::run_program({"/bin/sh", "-c", "echo out; echo err >&2; exit 3"}, self);
    CHECK(ended.status == 3);
    CHECK(ended.output == "out\nerr\n");
    CHECK(db::run_program({"/bin/sh", "-c", "kill -9 $$"}, self).status == 137);
    CHECK(db::run_program({"/nonexistent"}, self).status == 127);
}
