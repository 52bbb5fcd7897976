// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <exception>

#include "core/delivery/interface/verdict.hpp"

namespace outpost::delivery {

/// What an exception that ended a session means for its recipients: lost connections, timeouts,
/// protocol errors and TLS failures are temporary, and say at which stage they came. Rethrows what
/// is none of these.
Verdict verdict_of(const std::exception_ptr& error, Stage stage);

/// A reply that did not let us go on. One of class 2 or 3 that is not the code the step needs (a
/// greeting of 250, 250 to DATA) is no success but nonsense: temporary, of kind protocol.
Verdict refusal(Stage stage, smtp::Reply reply);

/// A reply that ended the session as a whole (greeting, EHLO, HELO): it speaks for the host, not
/// for the recipients, so even a 5yz only sends us to the next host, and to a later attempt.
Verdict host_verdict(Stage stage, smtp::Reply reply);

/// A refused login. Whatever the code, the fault is in our configuration or at the relay: mail
/// waits for it to be mended and does not bounce.
Verdict auth_verdict(smtp::Reply reply);

}  // namespace outpost::delivery
