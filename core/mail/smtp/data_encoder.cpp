// SPDX-License-Identifier: Apache-2.0
#include "core/mail/smtp/data_encoder.hpp"

#include "core/foundation/base/octets.hpp"

namespace outpost::smtp {

bool DataEncoder::encode(std::string_view chunk, std::string& out) {
    out.reserve(out.size() + chunk.size() + 64);
    while (!chunk.empty()) {
        if (after_cr_ != (chunk.front() == '\n')) return false;
        if (after_cr_) {
            out += '\n';
            chunk.remove_prefix(1);
            after_cr_ = false;
            at_line_start_ = true;
            continue;
        }
        if (at_line_start_ && chunk.front() == '.') out += '.';
        const auto special = find_line_end(chunk);
        const auto length = special == chunk.npos ? chunk.size() : special;
        out.append(chunk.substr(0, length));
        if (length > 0) at_line_start_ = false;
        if (special == chunk.npos) return true;
        if (chunk[special] == '\n') return false;
        out += '\r';
        after_cr_ = true;
        chunk.remove_prefix(special + 1);
    }
    return true;
}

bool DataEncoder::finish_line(std::string& out) {
    if (after_cr_) return false;
    if (!at_line_start_) out += "\r\n";
    at_line_start_ = true;
    return true;
}

bool DataEncoder::finish(std::string& out) {
    if (!finish_line(out)) return false;
    out += ".\r\n";
    return true;
}

bool LineEndCheck::feed(std::string_view chunk) {
    for (std::size_t at = 0; at < chunk.size();) {
        if (after_cr_ != (chunk[at] == '\n')) return false;
        if (after_cr_) {
            after_cr_ = false;
            ++at;
            continue;
        }
        const auto special = find_line_end(chunk.substr(at));
        if (special == chunk.npos) return true;
        if (chunk[at + special] == '\n') return false;
        after_cr_ = true;
        at += special + 1;
    }
    return true;
}

}  // namespace outpost::smtp
