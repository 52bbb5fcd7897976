// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/delivery/plugin/sdk/abi.hpp"

namespace outpost::plugin {

class Library;

/// Transport types by name, those of plugins and built-in ones alike. Filled when a configuration
/// is loaded, by one thread; `make` may then be called from any.
class Registry {
  public:
    /// A type of this program. False when the name is taken.
    bool add(std::string type, TransportFactory factory);
    /// Loads a plugin and takes all it registers, or nothing: the error is then a sentence.
    Result<std::shared_ptr<Library>> load(const std::filesystem::path& file);
    /// Makes a transport. What comes from a plugin keeps the plugin loaded. A factory that throws
    /// is an error like others.
    Result<delivery::TransportPtr> make(
        const std::string& type, const std::string& name, const Options& options
    ) const;
    bool has(const std::string& type) const { return entries_.contains(type); }
    std::vector<std::string> types() const;

  private:
    struct Entry {
        std::shared_ptr<Library>
            library;  ///< declared first: it outlives the factory, which is its code
        TransportFactory factory;
    };
    std::map<std::string, Entry> entries_;
};

}  // namespace outpost::plugin
