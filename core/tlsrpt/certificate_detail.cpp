// SPDX-License-Identifier: Apache-2.0
#include "core/tlsrpt/certificate_detail.hpp"

namespace outpost::tlsrpt {

FailureDetail certificate_detail(const tls::TlsFacts& facts) {
    (void)facts;
    return detail(ResultType::certificate_not_trusted);
}

}  // namespace outpost::tlsrpt
