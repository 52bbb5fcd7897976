# Run at build time: writes OUTPOST_SDK_HASH, a digest of the public headers, to OUTPUT. Plugins built
# against other headers than the server's are recognised by it.
set(digests "")
foreach(header IN LISTS HEADERS)
    file(SHA256 ${header} digest)
    string(APPEND digests ${digest})
endforeach()
string(SHA256 hash "${digests}")
string(SUBSTRING ${hash} 0 16 hash)
file(CONFIGURE OUTPUT ${OUTPUT} @ONLY CONTENT [[
// SPDX-License-Identifier: Apache-2.0
// Written by the build: a digest of the public headers.
#pragma once
#define OUTPOST_SDK_HASH "@hash@"
]])
