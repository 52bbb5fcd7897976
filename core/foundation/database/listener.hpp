// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "core/foundation/database/settings.hpp"

namespace outpost::db {

/// Hears NOTIFY on one channel or several, on a thread and a connection of its own.
class Listener {
  public:
    /// Called on the listener's thread with each notification's payload, and with an empty payload
    /// once after each (re)connect, as notifications may have been missed before it. May throw:
    /// that is logged.
    using Callback = std::function<void(const std::string& payload)>;

    /// Starts the thread; it reconnects by itself until `stop`.
    Listener(Settings settings, std::string channel, Callback callback);
    Listener(Settings settings, std::map<std::string, Callback> channels);
    ~Listener();
    Listener(const Listener&) = delete;
    Listener& operator=(const Listener&) = delete;

    /// No callback runs after this returns. Not to be called from the callback.
    void stop();

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace outpost::db
