// SPDX-License-Identifier: Apache-2.0
#include "core/server/node/allocator.hpp"

#if __has_include(<malloc.h>)
#include <malloc.h>
#endif

namespace outpost::server {

void return_large_blocks() {
#ifdef M_MMAP_THRESHOLD
    mallopt(M_MMAP_THRESHOLD, 1 << 20);
#endif
}

}  // namespace outpost::server
