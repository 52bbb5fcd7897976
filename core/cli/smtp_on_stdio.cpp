// SPDX-License-Identifier: Apache-2.0
#include "core/cli/smtp_on_stdio.hpp"

#include <unistd.h>
#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>
#include <asio/posix/stream_descriptor.hpp>
#include <asio/redirect_error.hpp>

#include <array>
#include <iostream>

#include "core/foundation/async/detach.hpp"

namespace outpost::cli {
namespace {

awaitable<void> input_to_server(net::Stream& stream) {
    const auto executor = co_await asio::this_coro::executor;
    asio::posix::stream_descriptor input(executor, dup(STDIN_FILENO));
    std::array<char, 16 * 1024> buffer;
    for (;;) {
        asio::error_code ended;
        const std::size_t count = co_await input.async_read_some(
            asio::buffer(buffer), asio::redirect_error(use_awaitable, ended)
        );
        if (ended)
            co_return;  // the server says when it is over; a caller that closed its end still reads
        co_await stream.write({buffer.data(), count}, Deadline::in(std::chrono::minutes(5)));
    }
}

awaitable<void> server_to_output(net::Stream& stream) {
    std::array<char, 16 * 1024> buffer;
    for (;;) {
        const std::span<char> room(buffer);
        const std::size_t count =
            co_await stream.read_some(room, Deadline::in(std::chrono::minutes(10)));
        if (count == 0) co_return;
        std::cout.write(buffer.data(), static_cast<std::streamsize>(count)).flush();
    }
}

awaitable<bool> pass_through(const std::vector<SubmissionServer>& servers, asio::io_context& loop) {
    delivery::Transcript transcript;
    for (const SubmissionServer& server : servers) {
        auto connected = co_await connect(server, transcript);
        if (!connected.session) continue;
        std::cout << "220 " << server.ehlo_name << " ESMTP\r\n" << std::flush;
        detach(loop.get_executor(), input_to_server(connected.session->stream()));
        try {
            co_await server_to_output(connected.session->stream());
        } catch (const std::exception&) {  // the server went away: so do we
        }
        loop.stop();
        co_return true;
    }
    std::cout << "421 4.3.0 no server can be reached\r\n" << std::flush;
    co_return false;
}

}  // namespace

bool smtp_on_stdio(const std::vector<SubmissionServer>& servers) {
    asio::io_context loop(1);
    bool reached = false;
    asio::co_spawn(loop, pass_through(servers, loop), [&](std::exception_ptr, bool result) {
        reached = result;
    });
    loop.run();
    return reached;
}

}  // namespace outpost::cli
