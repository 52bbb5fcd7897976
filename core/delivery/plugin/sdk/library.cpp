// SPDX-License-Identifier: Apache-2.0
#include "core/delivery/plugin/sdk/library.hpp"

#include <dlfcn.h>
#include <fmt/format.h>

#include <string_view>

namespace outpost::plugin {
namespace {

std::string last_error() {
    const char* text = dlerror();
    return text ? text : "unknown error";
}

/// Why a descriptor does not fit, or empty.
std::string mismatch(const Descriptor& theirs) {
    if (theirs.abi_version != abi_version) {
        return fmt::format(
            "it speaks plugin interface {}, this server {}", theirs.abi_version, abi_version
        );
    }
    if (std::string_view(theirs.build_id) != own_build_id()) {
        return fmt::format(
            "it was built for another server: rebuild it against this server's SDK\n"
            "  plugin: {}\n  server: {}",
            theirs.build_id, own_build_id()
        );
    }
    return {};
}

}  // namespace

const char* own_build_id() noexcept {
    return OUTPOST_BUILD_ID;
}

Result<std::shared_ptr<Library>> Library::open(const std::filesystem::path& file) {
    const auto refuse = [&](const std::string& why) {
        return Err{fmt::format("plugin {}: {}", file.string(), why)};
    };
    // A bare name would be searched for along the library path.
    const std::string path = std::filesystem::absolute(file).string();
    void* handle = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (!handle) return refuse(last_error());
    std::shared_ptr<Library> library(new Library(file, handle));

    library->descriptor_ = static_cast<const Descriptor*>(dlsym(handle, "outpost_plugin"));
    if (!library->descriptor_)
        return refuse("this is no Outpost plugin (it has no OUTPOST_PLUGIN)");
    if (const auto why = mismatch(*library->descriptor_); !why.empty()) return refuse(why);
    return library;
}

Library::~Library() {
    dlclose(handle_);
}

}  // namespace outpost::plugin
