// SPDX-License-Identifier: Apache-2.0
#include "core/server/node/watched_files.hpp"

#include <doctest/doctest.h>
#include <stdlib.h>

#include <fstream>

using namespace outpost::server;
namespace fs = std::filesystem;

namespace {

/// A directory that is gone afterwards.
class Directory {
  public:
    Directory() {
        std::string name = (fs::temp_directory_path() / "outpost-watched-XXXXXX").string();
        REQUIRE(::mkdtemp(name.data()));
        path_ = name;
    }
    ~Directory() { fs::remove_all(path_); }
    fs::path write(const std::string& name, const std::string& text) const {
        std::ofstream(path_ / name) << text;
        return path_ / name;
    }
    const fs::path& path() const { return path_; }

  private:
    fs::path path_;
};

using Files = std::vector<fs::path>;

}  // namespace

TEST_CASE("files that are written, replaced, removed or led elsewhere are told once") {
    const Directory directory;
    const auto file = directory.write("a", "one"), other = directory.write("b", "two");
    const auto link = directory.path() / "link";
    fs::create_symlink(file, link);
    WatchedFiles watched(std::chrono::milliseconds(0));
    watched.watch({file, link});
    CHECK(watched.changed().empty());

    directory.write("a", "longer");
    CHECK(watched.changed() == Files{file, link});
    CHECK(watched.changed().empty());

    // The same length, and as old as the one before: another file all the same.
    const auto replacement = directory.write("new", "LONGER");
    fs::last_write_time(replacement, fs::last_write_time(file));
    fs::rename(replacement, file);
    CHECK(watched.changed() == Files{file, link});

    fs::remove(link);
    fs::create_symlink(other, link);
    CHECK(watched.changed() == Files{link});

    fs::remove(file);
    CHECK(watched.changed() == Files{file});
    CHECK(watched.changed().empty());
    directory.write("a", "again");
    CHECK(watched.changed() == Files{file});
}

TEST_CASE("files are not looked at more often than the interval says") {
    const Directory directory;
    const auto file = directory.write("a", "one");
    WatchedFiles watched(std::chrono::hours(1));
    watched.watch({file});
    directory.write("a", "another");
    CHECK(watched.changed().empty());
}

TEST_CASE("the files of listeners with TLS are watched") {
    Settings settings;
    settings.listeners["clear"] = {};
    settings.listeners["tls"].certificate = {"/etc/cert.pem", "/etc/key.pem"};
    CHECK(certificate_files(settings) == Files{"/etc/cert.pem", "/etc/key.pem"});
}
