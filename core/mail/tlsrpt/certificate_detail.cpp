// SPDX-License-Identifier: Apache-2.0
#include "core/mail/tlsrpt/certificate_detail.hpp"

namespace outpost::tlsrpt {

FailureDetail certificate_detail(const tls::TlsFacts& facts) {
    switch (facts.pkix_problem) {
        case tls::PkixProblem::expired:
            return detail(ResultType::certificate_expired);
        case tls::PkixProblem::host_mismatch:
            return detail(ResultType::certificate_host_mismatch);
        case tls::PkixProblem::other:
            return detail(ResultType::validation_failure, facts.pkix_reason_code);
        case tls::PkixProblem::not_trusted:
        case tls::PkixProblem::none:  // asked of certificates that failed alone
            break;
    }
    return detail(ResultType::certificate_not_trusted, facts.pkix_reason_code);
}

}  // namespace outpost::tlsrpt
