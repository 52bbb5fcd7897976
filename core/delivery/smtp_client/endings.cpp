// SPDX-License-Identifier: Apache-2.0
#include "core/delivery/smtp_client/endings.hpp"

#include <stdexcept>
#include <system_error>

#include "core/mail/smtp/chat.hpp"
#include "core/net/sockets/tls_error.hpp"

namespace outpost::delivery {

Verdict verdict_of(const std::exception_ptr& error, Stage stage) {
    try {
        std::rethrow_exception(error);
    } catch (const net::TlsError& tls) {
        return Verdict::deferred(Stage::tls, ErrorKind::tls, {4, 7, 5}, tls.what());
    } catch (const smtp::ProtocolError& protocol) {
        return Verdict::deferred(stage, ErrorKind::protocol, {4, 5, 0}, protocol.what());
    } catch (const std::system_error& system) {
        if (system.code() == std::errc::timed_out) {
            return Verdict::deferred(
                stage, ErrorKind::timeout, {4, 4, 2}, "the remote did not answer in time"
            );
        }
        return Verdict::deferred(
            stage, ErrorKind::connect, {4, 4, 2}, std::string("connection lost: ") + system.what()
        );
    }
}

Verdict refusal(Stage stage, smtp::Reply reply) {
    if (reply.transient() || reply.permanent()) return Verdict::from_reply(stage, std::move(reply));
    return Verdict::deferred(
        stage, ErrorKind::protocol, {4, 5, 0},
        "the remote's reply makes no sense here: " + reply.text()
    );
}

Verdict host_verdict(Stage stage, smtp::Reply reply) {
    return refusal(stage, std::move(reply)).softened();
}

Verdict auth_verdict(smtp::Reply reply) {
    return Verdict::deferred(
        Stage::auth, ErrorKind::auth, {4, 7, 8}, "the relay refused our login: " + reply.text()
    );
}

}  // namespace outpost::delivery
