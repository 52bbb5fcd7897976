// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "core/delivery/plugin/process/child.hpp"
#include "core/delivery/plugin/sdk/abi.hpp"

namespace outpost::plugin_host {

/// A plugin that runs in processes of its own, so that what kills it kills nothing else. One
/// process has all its deliveries; a delivery under which a process has died before (it, or its
/// neighbours, may be the cause) is tried again in another, alone. Thread-safe; the processes are
/// looked after by a thread of the plugin's own, and end with the last reference.
class IsolatedPlugin : public std::enable_shared_from_this<IsolatedPlugin> {
  public:
    /// Starts the process and waits until it has loaded the library. The error is a sentence.
    static Result<std::shared_ptr<IsolatedPlugin>> open(
        const std::filesystem::path& file, HostSettings settings
    );
    ~IsolatedPlugin();
    IsolatedPlugin(const IsolatedPlugin&) = delete;
    IsolatedPlugin& operator=(const IsolatedPlugin&) = delete;

    /// What the plugin calls itself.
    const std::string& name() const noexcept { return name_; }
    /// The transport types that it brings along.
    const std::vector<std::string>& types() const noexcept { return types_; }
    /// Makes a transport in the process, waiting for it: not to be called on an event loop.
    Result<delivery::TransportPtr> make(
        const std::string& type, const std::string& name, const plugin::Options& options
    );

  private:
    class Processes;
    class Transport;
    IsolatedPlugin();

    std::string name_;
    std::vector<std::string> types_;
    std::unique_ptr<Processes> processes_;
};

}  // namespace outpost::plugin_host
