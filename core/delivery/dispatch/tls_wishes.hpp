// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <map>

#include "core/delivery/dispatch/delivery_request.hpp"
#include "core/foundation/base/clock.hpp"

namespace outpost::dispatch {

/// What people have changed of late in messages' wishes for TLS (RFC 8689), for work that was
/// leased before the change and is not begun. A plain data structure: no clock, no I/O; belongs to
/// one thread.
class TlsWishes {
  public:
    void note(const queue::TlsChange& change, SteadyTime now);
    /// Gives the request the wish that was changed, if it was. The message is shared by others, so
    /// it is a copy that changes.
    void put_on(DeliveryRequest& request) const;
    /// Forgets what is so old that all that is claimed comes with it already.
    void sweep(SteadyTime now);

    bool empty() const noexcept { return wishes_.empty(); }

  private:
    struct Wish {
        delivery::TlsWish wish;
        SteadyTime since;
    };
    std::map<MessageId, Wish> wishes_;
};

}  // namespace outpost::dispatch
