// SPDX-License-Identifier: Apache-2.0
#include "core/foundation/config/reader.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <system_error>

namespace outpost::config {
namespace {

constexpr std::size_t largest_secret_file = 64 * 1024;

Result<std::string> read_small_file(const std::filesystem::path& path) {
    std::error_code error;
    if (std::filesystem::is_directory(path, error)) return Err{std::string("it is a directory")};
    errno = 0;
    std::ifstream file(path, std::ios::binary);
    if (!file) return Err{std::string(std::strerror(errno))};
    std::string content(largest_secret_file + 1, '\0');
    file.read(content.data(), static_cast<std::streamsize>(content.size()));
    content.resize(static_cast<std::size_t>(file.gcount()));
    if (content.size() > largest_secret_file)
        return Err{fmt::format("it is larger than {} octets", largest_secret_file)};
    return content;
}

std::string why_file_unreadable(const std::filesystem::path& path) {
    std::error_code error;
    if (std::filesystem::is_directory(path, error)) return "it is a directory";
    errno = 0;
    const std::ifstream file(path, std::ios::binary);
    return file ? std::string() : std::string(std::strerror(errno));
}

std::optional<std::string> environment_variable(const std::string& name) {
    const char* value = std::getenv(name.c_str());
    return value ? std::optional<std::string>(value) : std::nullopt;
}

}  // namespace

Environment Environment::real(std::filesystem::path directory) {
    return {
        std::move(directory), read_small_file, why_file_unreadable, environment_variable, false
    };
}

Environment Environment::assumed(std::filesystem::path directory) {
    return {
        std::move(directory),
        [](const auto&) { return Result<std::string>(std::string("assumed")); },
        [](const auto&) { return std::string(); },
        [](const auto&) { return std::optional<std::string>("assumed"); }, true
    };
}

void Reader::error(Position at, std::string message, std::string hint, Quote quote) {
    problems_.add(source_.problem(
        Severity::error, at, text(path_), std::move(message), std::move(hint), quote
    ));
}

void Reader::warning(Position at, std::string message, std::string hint) {
    problems_.add(
        source_.problem(Severity::warning, at, text(path_), std::move(message), std::move(hint))
    );
}

void Reader::expected(std::string_view what, const Node& found, std::string hint) {
    error(found.at, fmt::format("expected {}, found {}", what, describe(found)), std::move(hint));
}

}  // namespace outpost::config
