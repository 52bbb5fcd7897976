// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <sys/types.h>

#include <string>
#include <vector>

namespace outpost::db {

/// Who a program runs as.
struct Account {
    uid_t user;
    gid_t group;
};

/// How a program ended, and what it wrote (both outputs, bounded to 64 KiB).
struct Ended {
    int status;  ///< exit status; 128 + n when signal n ended it
    std::string output;
};

/// Runs a program to its end: no shell, a minimal environment, in a session of its own (a Ctrl-C on
/// the terminal does not reach it, nor what it leaves running). Throws std::system_error when it
/// cannot be started.
Ended run_program(const std::vector<std::string>& command, const Account& account);

}  // namespace outpost::db
