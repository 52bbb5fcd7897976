// SPDX-License-Identifier: Apache-2.0
#include "core/tls_reports/sending/draft.hpp"

namespace outpost::tls_reports {
namespace {

std::vector<tlsrpt::Result> policies_of(
    const tlsrpt::ReportKey& key, const tlsrpt::Places& places, const Material& material
) {
    return key.to_host ? tlsrpt::policies_for_host(material.rows, key, places, material.sent)
                       : tlsrpt::policies_for_recipient(material.rows, key);
}

/// Anybody's record can name the mailboxes of others, by the hundred.
constexpr std::size_t most_places = 20;

bool has_room(const Draft& draft) {
    return draft.mail.size() + draft.https.size() + draft.suppressed.size() < most_places;
}

void address(Draft& draft, const tlsrpt::Record& record, const tlsrpt::Places& suppressed) {
    for (const mail::Address& one : record.mail) {
        if (!has_room(draft)) return;
        if (suppressed.contains(place_of(one)))
            draft.suppressed.push_back(place_of(one));
        else
            draft.mail.push_back(one);
    }
    for (const std::string& one : record.https) {
        if (!has_room(draft)) return;
        (suppressed.contains(one) ? draft.suppressed : draft.https).push_back(one);
    }
}

}  // namespace

std::string place_of(const mail::Address& address) {
    return "mailto:" + address.wire();
}

tlsrpt::Places places_of(const tlsrpt::Record& record) {
    tlsrpt::Places places(record.https.begin(), record.https.end());
    for (const mail::Address& one : record.mail)
        places.insert(place_of(one));
    return places;
}

Result<Draft> draft(
    const tlsrpt::ReportKey& key, const tlsrpt::Record& record, const Material& material,
    const Settings& settings
) {
    Draft made;
    made.key = key;
    made.places = places_of(record);
    if (made.places.empty()) return Err{"its record names no place that a report can be sent to"};
    auto policies = policies_of(key, made.places, material);
    if (policies.empty()) return Err{"the same places get all of it with other reports"};
    if (!tlsrpt::is_worth_sending(policies, settings.successes_too))
        return Err{"nothing went wrong in what other reports do not tell already"};
    address(made, record, material.suppressed);
    if (made.mail.empty() && made.https.empty()) return Err{"all its places are suppressed"};
    made.report = tlsrpt::make_report(
        key, settings.submitter->domain.ascii(), settings.submitter->postmaster().wire(),
        std::move(policies)
    );
    return made;
}

}  // namespace outpost::tls_reports
