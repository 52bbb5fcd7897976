// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <filesystem>
#include <memory>
#include <string>

#include "core/delivery/plugin/sdk/abi.hpp"
#include "core/foundation/base/result.hpp"

namespace outpost::plugin {

/// A loaded plugin. Its code is unmapped with the last reference, so whatever comes from it must
/// hold one (Registry sees to that).
class Library {
  public:
    /// Loads the file and checks that it fits this program. The error names both sides.
    static Result<std::shared_ptr<Library>> open(const std::filesystem::path& file);
    Library(const Library&) = delete;
    Library& operator=(const Library&) = delete;
    ~Library();

    const std::filesystem::path& file() const noexcept { return file_; }
    std::string name() const { return descriptor_->name; }
    std::string version() const { return descriptor_->version; }
    void attach(Registrar& registrar) const { descriptor_->attach(registrar); }

  private:
    Library(std::filesystem::path file, void* handle) : file_(std::move(file)), handle_(handle) {}
    std::filesystem::path file_;
    void* handle_;
    const Descriptor* descriptor_ = nullptr;
};

/// What this program was built with; a plugin must have the same.
const char* own_build_id() noexcept;

}  // namespace outpost::plugin
