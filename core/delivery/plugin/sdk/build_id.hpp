// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <asio/version.hpp>

#include <cstddef>
#include <version>

#include "core/delivery/plugin/sdk/sdk_hash.hpp"

/// Everything that decides whether objects of server and plugin fit together: compiler, standard
/// library, sanitizers, Asio and the contents of the public headers. C++ has no stable ABI across
/// these, so they are compared as one text and must be equal.
#define OUTPOST_TEXT_OF(x) #x
#define OUTPOST_TEXT(x) OUTPOST_TEXT_OF(x)

#if defined(_LIBCPP_VERSION)
#define OUTPOST_STDLIB "libc++ " OUTPOST_TEXT(_LIBCPP_VERSION)
#else
#define OUTPOST_STDLIB \
    "libstdc++ " OUTPOST_TEXT(_GLIBCXX_RELEASE) " abi " OUTPOST_TEXT(_GLIBCXX_USE_CXX11_ABI)
#endif

#if defined(__SANITIZE_ADDRESS__)
#define OUTPOST_SANITIZERS ", asan"
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define OUTPOST_SANITIZERS ", asan"
#endif
#endif
#ifndef OUTPOST_SANITIZERS
#define OUTPOST_SANITIZERS ""
#endif

#define OUTPOST_BUILD_ID                                                                \
    __VERSION__ ", C++ " OUTPOST_TEXT(__cplusplus) ", " OUTPOST_STDLIB                  \
                                                   ", asio " OUTPOST_TEXT(ASIO_VERSION) \
                                                       OUTPOST_SANITIZERS               \
        ", sdk " OUTPOST_SDK_HASH
