// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <functional>
#include <string>
#include <string_view>

#include "core/foundation/database/binary.hpp"

namespace outpost::db {

/// Rows for COPY … FROM STDIN (FORMAT binary) (PostgreSQL's manual, "COPY", "Binary Format"): they
/// go into pages straight from the connection, at about half of what INSERT … SELECT FROM unnest
/// costs. They are sent on the way, so any number of them takes no memory to speak of.
class CopyRows : private BinaryWriter {
  public:
    using Send = std::function<void(std::string_view)>;
    explicit CopyRows(Send send);

    /// One row. The values must be of exactly the columns' types (binary.hpp).
    template <class... V>
    void add(const V&... values) {
        put16(sizeof...(V));
        (write(static_cast<BinaryWriter&>(*this), values), ...);
        if (out_.size() >= enough) flush();
    }
    /// Ends the rows.
    void finish();

  private:
    static constexpr std::size_t enough = 64 << 10;
    void flush();
    const Send send_;
};

/// Gives the rows of one COPY.
using FillRows = std::function<void(CopyRows&)>;

}  // namespace outpost::db
