// SPDX-License-Identifier: Apache-2.0
#include <termios.h>
#include <unistd.h>

#include <iostream>

#include "core/cli/commands.hpp"
#include "core/mail/sasl/mechanism.hpp"

namespace outpost::cli {
namespace {

/// Switches the terminal's echo off for its lifetime.
class Unseen {
  public:
    Unseen() {
        if (tcgetattr(STDIN_FILENO, &before_) != 0) return;
        termios silent = before_;
        silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
        active_ = tcsetattr(STDIN_FILENO, TCSANOW, &silent) == 0;
    }
    ~Unseen() {
        if (active_) tcsetattr(STDIN_FILENO, TCSANOW, &before_);
    }

  private:
    termios before_{};
    bool active_ = false;
};

Secret ask(const char* prompt) {
    std::string line;
    if (isatty(STDIN_FILENO) == 0) {
        std::getline(std::cin, line);
        return Secret(std::move(line));
    }
    const Unseen unseen;
    std::cerr << prompt << std::flush;
    std::getline(std::cin, line);
    std::cerr << "\n";
    return Secret(std::move(line));
}

}  // namespace

int password(const PasswordOptions& options) {
    const Secret secret = ask("Password: ");
    if (secret.empty()) {
        std::cerr << "outpost password: an empty password is no password\n";
        return data_error;
    }
    if (isatty(STDIN_FILENO) != 0 && !(ask("The same again: ") == secret)) {
        std::cerr << "outpost password: the two differ\n";
        return data_error;
    }
    std::cout << sasl::StoredCredential::make(secret, options.iterations).text() << "\n";
    return ok;
}

}  // namespace outpost::cli
