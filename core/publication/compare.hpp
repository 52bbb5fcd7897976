// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

#include "core/publication/record.hpp"

namespace outpost::publication {

/// Records of one name and type that should be published.
struct Wanted {
    std::string name;
    dns::Type type{};
    std::vector<Record> records;
};

/// The sets that the records make up, each asked for once, in the order of their first records.
std::vector<Wanted> questions(const Records& records);

/// How a record that should be published fares.
struct Finding {
    enum class Kind {
        ok,
        missing,  ///< there is none for this purpose
        wrong,    ///< there is another one instead, or one too many: see `found`
        unknown   ///< there was no answer: see `problem`
    };
    Kind kind = Kind::unknown;
    Record expected;
    std::vector<std::string> found;  ///< what is there for the same purpose, as zone files have it
    dns::Security security = dns::Security::indeterminate;  ///< of the answer
    std::string problem;                                    ///< a sentence; empty when all is well
};
std::string_view text(Finding::Kind kind) noexcept;  ///< "ok"

/// One for each record of a set. Texts that others publish beside ours (site verifications) do not
/// count; a second SPF record does (RFC 7208 section 4.5), and so does an MX or an address that we
/// do not want. Of addresses and mail exchangers that another node has, only the configuration
/// tells. TLSA records only work where the answer is secure (RFC 7672 section 2.2).
std::vector<Finding> compare(
    const Wanted& wanted, const Result<dns::Answer, dns::Failure>& outcome
);

}  // namespace outpost::publication
