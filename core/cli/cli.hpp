// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace outpost::cli {

/// The whole program: understands the command line and runs the command. Called as `sendmail`, it
/// is sendmail.
int run(int argc, char** argv);

}  // namespace outpost::cli
