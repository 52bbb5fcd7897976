// SPDX-License-Identifier: Apache-2.0
#include "core/cli/new_files.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <system_error>

using namespace outpost;
using cli::NewFile;
using cli::NewFiles;
using Access = NewFile::Access;

namespace {

class Folder {
  public:
    Folder() {
        std::string name = (std::filesystem::temp_directory_path() / "new-files-XXXXXX").string();
        REQUIRE(mkdtemp(name.data()) != nullptr);
        path = name;
    }
    ~Folder() { std::filesystem::remove_all(path); }

    NewFile file(const std::string& name, const std::string& content, Access access) const {
        return {path / name, Secret(content), access};
    }
    std::string read(const std::string& name) const {
        std::ifstream in(path / name);
        return {std::istreambuf_iterator<char>(in), {}};
    }
    void write(const std::string& name, const std::string& text) const {
        std::ofstream(path / name) << text;
    }
    mode_t mode(const std::string& name) const {
        struct stat status{};
        REQUIRE(lstat((path / name).c_str(), &status) == 0);
        return status.st_mode & 07777;
    }
    std::size_t entries() const {
        using Each = std::filesystem::recursive_directory_iterator;
        return static_cast<std::size_t>(std::distance(Each(path), Each()));
    }

    std::filesystem::path path;
};

}  // namespace

TEST_CASE("new files have their content and their rights, whatever the umask") {
    const Folder folder;
    const mode_t before = umask(0077);
    {
        NewFiles files({
            folder.file("a.yaml", "a", Access::server),
            folder.file("keys/deep/a.key", "k", Access::secret),
            folder.file("keys/a.crt", "c", Access::everyone),
        });
        files.keep();
    }
    umask(before);
    CHECK(folder.read("a.yaml") == "a");
    CHECK(folder.read("keys/deep/a.key") == "k");
    CHECK(folder.mode("a.yaml") == 0640);
    CHECK(folder.mode("keys/deep/a.key") == 0600);
    CHECK(folder.mode("keys/a.crt") == 0644);
    CHECK(folder.mode("keys/deep") == 0750);
    CHECK(folder.entries() == 5);  // and no drafts
}

TEST_CASE("what is not kept goes away, folders included") {
    const Folder folder;
    {
        const NewFiles files({folder.file("keys/a.key", "k", Access::secret)});
        CHECK(folder.entries() == 2);
    }
    CHECK(folder.entries() == 0);
}

TEST_CASE("a file that is in the way stays as it is, and nothing else is left") {
    const Folder folder;
    folder.write("b", "in use");
    const std::vector<NewFile> wanted = {
        folder.file("keys/a", "new", Access::server), folder.file("b", "new", Access::server),
        folder.file("c", "new", Access::server)
    };
    CHECK(cli::existing(wanted) == std::vector{folder.path / "b"});
    CHECK_THROWS_AS(NewFiles{wanted}, std::system_error);
    CHECK(folder.read("b") == "in use");
    CHECK(folder.entries() == 1);
}

TEST_CASE("a link that leads nowhere is in the way, too") {
    const Folder folder;
    std::filesystem::create_symlink(folder.path / "nowhere", folder.path / "a");
    const std::vector<NewFile> wanted = {folder.file("a", "new", Access::secret)};
    CHECK(cli::existing(wanted).size() == 1);
    CHECK_THROWS_AS(NewFiles{wanted}, std::system_error);
    CHECK_FALSE(std::filesystem::exists(folder.path / "nowhere"));
    CHECK(folder.entries() == 1);
}

TEST_CASE("what others have put into a new folder stays") {
    const Folder folder;
    {
        const NewFiles files({folder.file("keys/a.key", "k", Access::secret)});
        folder.write("keys/theirs", "theirs");
    }
    CHECK(folder.read("keys/theirs") == "theirs");
    CHECK(folder.entries() == 2);
}

TEST_CASE(
    "secrets belong to the server's user, the rest to its group" * doctest::skip(geteuid() != 0)
) {
    const Folder folder;
    NewFiles files(
        {folder.file("a.key", "k", Access::secret), folder.file("d/a.yaml", "y", Access::server)},
        cli::FileOwner{65534, 65533}
    );
    struct stat key{}, config{}, directory{};
    REQUIRE(stat((folder.path / "a.key").c_str(), &key) == 0);
    REQUIRE(stat((folder.path / "d/a.yaml").c_str(), &config) == 0);
    REQUIRE(stat((folder.path / "d").c_str(), &directory) == 0);
    CHECK(key.st_uid == 65534);
    CHECK(key.st_gid == 65533);
    CHECK(config.st_uid == 0);
    CHECK(config.st_gid == 65533);
    CHECK(directory.st_uid == 0);
    CHECK(directory.st_gid == 65533);
}
