// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace outpost::tls {

/// For std::unique_ptr: ends what a library made by the library's own function.
template <auto Free>
struct Freed {
    template <class T>
    void operator()(T* pointer) const {
        Free(pointer);
    }
};

}  // namespace outpost::tls
