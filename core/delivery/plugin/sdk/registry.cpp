// SPDX-License-Identifier: Apache-2.0
#include "core/delivery/plugin/sdk/registry.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/delivery/plugin/sdk/library.hpp"

namespace outpost::plugin {
namespace {

/// Notes what a plugin brings along.
class Collector : public Registrar {
  public:
    void transport(std::string type, TransportFactory factory) override {
        collected.emplace_back(std::move(type), std::move(factory));
    }
    std::vector<std::pair<std::string, TransportFactory>> collected;
};

/// A transport and the code that it runs: destroyed in reverse order.
struct Kept {
    std::shared_ptr<Library> library;
    delivery::TransportPtr transport;
};

std::string attach_error(const Library& library, Registrar& registrar) {
    try {
        library.attach(registrar);
        return {};
    } catch (const std::exception& error) {
        return error.what();
    }
}

}  // namespace

bool Registry::add(std::string type, TransportFactory factory) {
    return entries_.try_emplace(std::move(type), Entry{nullptr, std::move(factory)}).second;
}

Result<std::shared_ptr<Library>> Registry::load(const std::filesystem::path& file) {
    auto opened = Library::open(file);
    if (!opened) return opened;
    const std::shared_ptr<Library> library = *opened;  // outlives the collector's factories
    Collector collector;
    const std::string error = attach_error(*library, collector);
    if (!error.empty()) return Err{fmt::format("plugin {}: {}", file.string(), error)};

    std::map<std::string, Entry> fresh;
    for (auto& [type, factory] : collector.collected) {
        const bool taken = has(type) || fresh.contains(type);
        if (type.empty() || !factory || taken) {
            const char* why = taken ? "exists already" : "lacks a name or a factory";
            return Err{
                fmt::format("plugin {}: its transport type '{}' {}", file.string(), type, why)
            };
        }
        fresh.emplace(type, Entry{library, std::move(factory)});
    }
    entries_.merge(fresh);
    return library;
}

Result<delivery::TransportPtr> Registry::make(
    const std::string& type, const std::string& name, const Options& options
) const {
    const auto found = entries_.find(type);
    if (found == entries_.end()) {
        return Err{fmt::format(
            "there is no transport type '{}'; known are: {}", type, fmt::join(types(), ", ")
        )};
    }
    const Entry& entry = found->second;
    try {
        auto made = entry.factory(name, options);
        if (!made)
            return Err{fmt::format("transport '{}' of type '{}': {}", name, type, made.error())};
        if (!*made)
            return Err{
                fmt::format("transport '{}' of type '{}': the plugin made nothing", name, type)
            };
        if (!entry.library) return made;
        const auto kept = std::make_shared<Kept>(Kept{entry.library, std::move(*made)});
        return delivery::TransportPtr(kept, kept->transport.get());
    } catch (const std::exception& error) {
        return Err{fmt::format("transport '{}' of type '{}': {}", name, type, error.what())};
    }
}

std::vector<std::string> Registry::types() const {
    std::vector<std::string> names;
    for (const auto& [type, entry] : entries_)
        names.push_back(type);
    return names;
}

}  // namespace outpost::plugin
