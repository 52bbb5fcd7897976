// SPDX-License-Identifier: Apache-2.0
#include "core/foundation/database/copy.hpp"

#include <utility>

namespace outpost::db {

CopyRows::CopyRows(Send send) : send_(std::move(send)) {
    constexpr std::string_view signature("PGCOPY\n\377\r\n\0", 11);
    out_.reserve(enough + (16 << 10));
    out_ += signature;
    put32(0);  // no flags
    put32(0);  // no extension of the header
}

void CopyRows::finish() {
    put16(0xffff);
    flush();
}

void CopyRows::flush() {
    send_(out_);
    out_.clear();
}

}  // namespace outpost::db
