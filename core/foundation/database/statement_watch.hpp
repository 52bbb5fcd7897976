// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <chrono>
#include <cstdint>

namespace outpost::db {

/// Ends statements whose server has fallen silent. Neither the server's statement_timeout nor TCP's
/// keepalives help against a server or a proxy that is frozen: it acknowledges and never answers.
///
/// A statement that has waited for `silence` makes the watch knock at the same address: who answers
/// there may go on as long as it likes (a COMMIT may rightly wait for a standby), who does not has
/// all connections that wait for it shut down, and the waiting threads are free. Thread-safe.
class StatementWatch {
  public:
    static constexpr std::chrono::seconds silence{8};
    /// How long an answer to the knock may take.
    static constexpr std::chrono::seconds knock_time{8};

    /// Watches one statement, from its construction to its end.
    class Guard {
      public:
        /// `socket` must stay open as long as the guard lives. `hard_limit`: after so long the
        /// connection is shut down without a question; zero: never.
        Guard(int socket, std::chrono::milliseconds hard_limit);
        ~Guard();
        Guard(const Guard&) = delete;
        Guard& operator=(const Guard&) = delete;

      private:
        std::uint64_t id_;
    };

    /// How often a server did not answer the knock, so far: a connection that is older than the
    /// last time is not to be trusted, though nothing has been asked on it.
    static std::uint64_t silences() noexcept;
};

}  // namespace outpost::db
