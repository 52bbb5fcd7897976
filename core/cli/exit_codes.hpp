// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace outpost::cli {

/// Exit codes of every command, after sysexits.h, which scripts around sendmail rely on.
enum ExitCode {
    ok = 0,
    failed = 1,          ///< the command ran and the answer is no (config check found errors)
    usage = 64,          ///< EX_USAGE
    data_error = 65,     ///< EX_DATAERR: the message or file is malformed
    no_user = 67,        ///< EX_NOUSER
    unavailable = 69,    ///< EX_UNAVAILABLE: the server refused for good
    software = 70,       ///< EX_SOFTWARE
    os_error = 71,       ///< EX_OSERR
    cannot_create = 73,  ///< EX_CANTCREAT
    temp_fail = 75,      ///< EX_TEMPFAIL: kept or refused for now, try again
    no_permission = 77,  ///< EX_NOPERM
    config_error = 78,   ///< EX_CONFIG
};

}  // namespace outpost::cli
