// SPDX-License-Identifier: Apache-2.0
#include "core/mail/tlsrpt/gzip.hpp"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <limits>
#include <new>

namespace outpost::tlsrpt {
namespace {

/// zlib's way to ask for gzip: the largest window, and 16.
constexpr int gzip_format = MAX_WBITS + 16;
constexpr std::size_t chunk = 32 * 1024;

/// zlib never writes to its input.
Bytef* input(std::string_view bytes) noexcept {
    return reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
}

/// zlib counts input in 32 bits; what it takes is fed in pieces.
uInt piece(std::string_view bytes) noexcept {
    return static_cast<uInt>(std::min<std::size_t>(bytes.size(), std::numeric_limits<uInt>::max()));
}

struct Deflater {
    Deflater() {
        constexpr int memory_level = 8;
        if (deflateInit2(
                &stream, Z_BEST_COMPRESSION, Z_DEFLATED, gzip_format, memory_level,
                Z_DEFAULT_STRATEGY
            ) != Z_OK)
            throw std::bad_alloc();
    }
    ~Deflater() { deflateEnd(&stream); }
    Deflater(const Deflater&) = delete;
    Deflater& operator=(const Deflater&) = delete;
    z_stream stream{};
};

struct Inflater {
    Inflater() {
        if (inflateInit2(&stream, gzip_format) != Z_OK) throw std::bad_alloc();
    }
    ~Inflater() { inflateEnd(&stream); }
    Inflater(const Inflater&) = delete;
    Inflater& operator=(const Inflater&) = delete;
    z_stream stream{};
};

}  // namespace

std::string gzip(std::string_view content) {
    Deflater deflater;
    z_stream& stream = deflater.stream;
    std::string out;
    std::array<char, chunk> buffer;
    for (int state = Z_OK; state != Z_STREAM_END;) {
        stream.next_in = input(content);
        stream.avail_in = piece(content);
        stream.next_out = reinterpret_cast<Bytef*>(buffer.data());
        stream.avail_out = buffer.size();
        const uInt offered = stream.avail_in;
        state = deflate(&stream, offered == content.size() ? Z_FINISH : Z_NO_FLUSH);
        content.remove_prefix(offered - stream.avail_in);
        out.append(buffer.data(), buffer.size() - stream.avail_out);
    }
    return out;
}

outpost::Result<std::string, GunzipFault> gunzip(std::string_view bytes, std::size_t limit) {
    Inflater inflater;
    z_stream& stream = inflater.stream;
    std::string out;
    std::array<char, chunk> buffer;
    for (int state = Z_OK; state != Z_STREAM_END;) {
        stream.next_in = input(bytes);
        stream.avail_in = piece(bytes);
        stream.next_out = reinterpret_cast<Bytef*>(buffer.data());
        stream.avail_out = buffer.size();
        const uInt offered = stream.avail_in;
        state = inflate(&stream, Z_NO_FLUSH);
        // Without progress zlib says Z_BUF_ERROR: the stream ends too early.
        if (state != Z_OK && state != Z_STREAM_END) return Err{GunzipFault::broken};
        bytes.remove_prefix(offered - stream.avail_in);
        const std::size_t more = buffer.size() - stream.avail_out;
        if (more > limit - out.size()) return Err{GunzipFault::too_large};
        out.append(buffer.data(), more);
    }
    return out;
}

}  // namespace outpost::tlsrpt
