// SPDX-License-Identifier: Apache-2.0
#include "core/foundation/database/local_cluster.hpp"

#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <stdexcept>
#include <string_view>
#include <system_error>

#include <fmt/format.h>

#include "core/foundation/base/log.hpp"
#include "core/foundation/database/child_process.hpp"
#include "core/foundation/database/postgres_programs.hpp"
#include "core/foundation/database/session.hpp"

namespace outpost::db {

namespace fs = std::filesystem;

namespace {

constexpr const char* superuser = "postgres";
constexpr const char* settings_file = "outpost.conf";
constexpr std::string_view socket_name = "/.s.PGSQL.5432";
constexpr std::size_t longest_socket_path = 107;  // sun_path of unix(7)
constexpr int not_running = 3;                    // what "pg_ctl status" then says

/// PostgreSQL refuses to run as root; its package brings an account for it.
Account server_account() {
    if (::geteuid() != 0) return {::geteuid(), ::getegid()};
    const passwd* entry = ::getpwnam(superuser);
    if (entry == nullptr)
        throw std::runtime_error(
            "PostgreSQL does not run as root, and there is no user \"postgres\" to run it: "
            "install the package postgresql, or start as another user"
        );
    return {entry->pw_uid, entry->pw_gid};
}

/// A value in single quotes, for PostgreSQL's settings files.
std::string quoted_setting(std::string_view value) {
    std::string out = "'";
    for (const char c : value) {
        if (c == '\'' || c == '\\') out += c;
        out += c;
    }
    return out + "'";
}

/// A value in single quotes, for a connection string.
std::string quoted_option(std::string_view value) {
    std::string out = "'";
    for (const char c : value) {
        if (c == '\'' || c == '\\') out += '\\';
        out += c;
    }
    return out + "'";
}

std::string read_first_line(const fs::path& file) {
    std::ifstream in(file);
    std::string line;
    std::getline(in, line);
    return line;
}

}  // namespace

struct LocalCluster::State {
    fs::path directory;
    Options options;
    Account account{};
    fs::path programs;
    bool created = false;
    bool running = false;

    fs::path data() const { return directory / "data"; }
    fs::path log_file() const { return directory / "postgresql.log"; }

    void prepare_directory();
    void give_to_server(const fs::path& path) const;
    void create_cluster();
    void write_settings();
    bool supports(const std::string& setting) const;
    bool is_running() const;
    void start_server();
    void create_database(const std::string& connection) const;
    Ended run(const char* program, std::vector<std::string> arguments) const;
    void must(const char* doing, const Ended& ended) const;
};

Ended LocalCluster::State::run(const char* program, std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), (programs / program).string());
    return run_program(arguments, account);
}

void LocalCluster::State::must(const char* doing, const Ended& ended) const {
    if (ended.status == 0) return;
    throw std::runtime_error(fmt::format(
        "{} in {} failed (status {}): {}", doing, directory.string(), ended.status,
        log::printable(ended.output)
    ));
}

/// Everything lives under one folder that only the server's account may enter: this guards the
/// socket, where all connections are trusted.
void LocalCluster::State::prepare_directory() {
    if (directory.string().size() + socket_name.size() > longest_socket_path)
        throw std::runtime_error(fmt::format(
            "the path {} is too long for a Unix socket in it: use a shorter one", directory.string()
        ));
    const bool was_there = fs::exists(directory);
    if (was_there && !fs::is_empty(directory) && !fs::exists(data()))
        throw std::runtime_error(fmt::format(
            "{} holds other files: give the database an empty folder of its own", directory.string()
        ));
    fs::create_directories(directory);
    fs::permissions(directory, fs::perms::owner_all);
    give_to_server(directory);
}

/// What we write as root, the server's account must be able to read.
void LocalCluster::State::give_to_server(const fs::path& path) const {
    if (::geteuid() == 0 && ::chown(path.c_str(), account.user, account.group) != 0)
        throw std::system_error(errno, std::generic_category(), "chown " + path.string());
}

/// Made under another name first, so that one that was interrupted is never taken for complete.
void LocalCluster::State::create_cluster() {
    const auto unfinished = directory / "data.new";
    fs::remove_all(unfinished);
    std::vector<std::string> arguments{
        "-D",
        unfinished.string(),
        "-U",
        superuser,
        "-A",
        "trust",
        "-E",
        "UTF8",
        "--locale=C.UTF-8",
        "--data-checksums"
    };
    if (!options.durable) arguments.push_back("--no-sync");
    must("creating a database cluster", run("initdb", std::move(arguments)));
    std::ofstream(unfinished / "postgresql.conf", std::ios::app) << fmt::format(
        "\n# Written by outpost at each start. What follows it wins.\ninclude_if_exists = '{}'\n",
        settings_file
    );
    fs::rename(unfinished, data());
    created = true;
}

bool LocalCluster::State::supports(const std::string& setting) const {
    return run("postgres", {"-D", data().string(), "-c", setting, "-C", "wal_compression"})
               .status == 0;
}

void LocalCluster::State::write_settings() {
    std::vector<std::string> lines{
        "listen_addresses=",
        "unix_socket_directories=" + directory.string(),
        "unix_socket_permissions=0700",
        "port=5432",
        "max_connections=100",
        "shared_buffers=256MB",
        "max_wal_size=4GB",
        "checkpoint_timeout=15min",
        "log_timezone=UTC",
    };
    if (supports("wal_compression=lz4")) lines.push_back("wal_compression=lz4");
    if (!options.durable) {
        for (const char* line : {"fsync=off", "synchronous_commit=off", "full_page_writes=off"})
            lines.push_back(line);
    }
    lines.insert(lines.end(), options.settings.begin(), options.settings.end());

    std::ofstream out(data() / settings_file, std::ios::trunc);
    for (const std::string_view line : lines) {
        const auto equals = line.find('=');
        if (equals == std::string_view::npos)
            throw std::runtime_error(
                fmt::format("\"{}\" is no PostgreSQL setting of the form name=value", line)
            );
        out << line.substr(0, equals) << " = " << quoted_setting(line.substr(equals + 1)) << '\n';
    }
    out.close();
    if (!out)
        throw std::runtime_error(fmt::format("cannot write {}", (data() / settings_file).string()));
    give_to_server(data() / settings_file);
}

/// Whether a server runs here; a postmaster.pid left by a crash does not count.
bool LocalCluster::State::is_running() const {
    const auto ended = run("pg_ctl", {"status", "-D", data().string()});
    if (ended.status != 0 && ended.status != not_running)
        must("looking for a running server", ended);
    return ended.status == 0;
}

void LocalCluster::State::start_server() {
    // Recovery after a crash may take minutes, and is nothing to interrupt.
    const auto ended =
        run("pg_ctl",
            {"start", "-D", data().string(), "-l", log_file().string(), "-w", "-t", "300"});
    if (ended.status != 0)
        throw std::runtime_error(fmt::format(
            "PostgreSQL did not start; {} tells why ({})", log_file().string(),
            log::printable(ended.output)
        ));
}

void LocalCluster::State::create_database(const std::string& connection) const {
    Settings settings;
    settings.connection = Secret(connection);
    Session session(settings);
    if (session.exec_script("SELECT 1 FROM pg_database WHERE datname = 'outpost'").empty())
        session.exec_script("CREATE DATABASE outpost");
}

LocalCluster::LocalCluster(fs::path directory) : LocalCluster(std::move(directory), Options()) {}

LocalCluster::LocalCluster(fs::path directory, Options options)
    : state_(std::make_unique<State>()) {
    state_->directory = fs::absolute(directory).lexically_normal();
    state_->options = std::move(options);
}

LocalCluster::~LocalCluster() {
    try {
        stop();
    } catch (const std::exception& error) {
        log::error("db", "{}", error.what());
    }
}

void LocalCluster::start() {
    auto& s = *state_;
    s.account = server_account();
    s.prepare_directory();
    const bool exists = fs::exists(s.data() / "PG_VERSION");
    s.programs = find_postgres(exists ? read_first_line(s.data() / "PG_VERSION") : "");
    if (!exists) s.create_cluster();
    if (!s.is_running()) {
        s.write_settings();
        s.start_server();
    }
    s.running = true;
    s.create_database(connection("postgres"));
}

void LocalCluster::stop() {
    auto& s = *state_;
    if (!s.running) return;
    s.running = false;
    if (!s.is_running()) return;
    s.must(
        "stopping PostgreSQL",
        s.run("pg_ctl", {"stop", "-D", s.data().string(), "-m", "fast", "-w", "-t", "300"})
    );
}

std::string LocalCluster::connection(const std::string& database) const {
    return fmt::format(
        "host={} port=5432 user={} dbname={}", quoted_option(state_->directory.string()), superuser,
        quoted_option(database)
    );
}

bool LocalCluster::was_created() const noexcept {
    return state_->created;
}

}  // namespace outpost::db
