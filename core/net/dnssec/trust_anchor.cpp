// SPDX-License-Identifier: Apache-2.0
#include "core/net/dnssec/trust_anchor.hpp"

#include <fmt/format.h>
#include <ldns/ldns.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <memory>

namespace outpost::dnssec {
namespace {

struct Free {
    void operator()(std::FILE* file) const { std::fclose(file); }
    void operator()(ldns_rr* rr) const { ldns_rr_free(rr); }
    void operator()(ldns_buffer* buffer) const { ldns_buffer_free(buffer); }
    void operator()(ldns_rdf* data) const { ldns_rdf_deep_free(data); }
};

/// What ldns remembers from line to line of a zone file.
struct State {
    std::uint32_t ttl = 3600;
    ldns_rdf* origin = ldns_dname_new_frm_str(".");
    ldns_rdf* previous = nullptr;
    int line = 0;

    State() = default;
    State(const State&) = delete;
    State& operator=(const State&) = delete;
    ~State() {
        ldns_rdf_deep_free(origin);
        ldns_rdf_deep_free(previous);
    }
};

TrustAnchor& anchor_of(std::vector<TrustAnchor>& anchors, const Name& zone) {
    const auto known = std::find_if(anchors.begin(), anchors.end(), [&](const TrustAnchor& each) {
        return each.zone == zone;
    });
    return known != anchors.end() ? *known : anchors.emplace_back(TrustAnchor{zone, {}, {}});
}

/// False for a record that is not a trust anchor.
bool add(std::vector<TrustAnchor>& anchors, ldns_rr* rr) {
    ldns_rr2canonical(rr);
    const ldns_rdf* owner = ldns_rr_owner(rr);
    const auto zone =
        Name::from_wire({reinterpret_cast<const char*>(ldns_rdf_data(owner)), ldns_rdf_size(owner)}
        );
    const std::unique_ptr<ldns_buffer, Free> buffer(ldns_buffer_new(LDNS_MIN_BUFLEN));
    if (!zone || !buffer || ldns_rr_rdata2buffer_wire(buffer.get(), rr) != LDNS_STATUS_OK)
        return false;
    const std::string_view data(
        reinterpret_cast<const char*>(ldns_buffer_begin(buffer.get())),
        ldns_buffer_position(buffer.get())
    );
    if (ldns_rr_get_type(rr) == LDNS_RR_TYPE_DS) {
        const auto signer = DelegationSigner::parse(data);
        if (signer) anchor_of(anchors, *zone).signers.push_back(*signer);
        return signer.has_value();
    }
    const auto key =
        ldns_rr_get_type(rr) == LDNS_RR_TYPE_DNSKEY ? Key::parse(data) : std::optional<Key>();
    if (key) anchor_of(anchors, *zone).keys.push_back(*key);
    return key.has_value();
}

}  // namespace

Result<ZoneKeys, Fault> TrustAnchor::verify(const RecordSet& set, Seconds now, Budget& budget)
    const {
    if (keys.empty()) return verify_keys(set, signers, now, budget);
    auto by_key = verify_keys(set, keys, now, budget);
    if (by_key || signers.empty()) return by_key;
    return verify_keys(set, signers, now, budget);
}

Result<std::vector<TrustAnchor>> parse_trust_anchors(std::string_view text) {
    std::string octets(text);
    if (octets.empty()) return Err{"there is no trust anchor"};
    const std::unique_ptr<std::FILE, Free> file(fmemopen(octets.data(), octets.size(), "r"));
    if (!file) return Err{"no memory"};
    std::vector<TrustAnchor> anchors;
    State state;
    while (std::feof(file.get()) == 0) {
        ldns_rr* raw = nullptr;
        const ldns_status status = ldns_rr_new_frm_fp_l(
            &raw, file.get(), &state.ttl, &state.origin, &state.previous, &state.line
        );
        const std::unique_ptr<ldns_rr, Free> rr(status == LDNS_STATUS_OK ? raw : nullptr);
        if (status == LDNS_STATUS_SYNTAX_EMPTY || status == LDNS_STATUS_SYNTAX_TTL ||
            status == LDNS_STATUS_SYNTAX_ORIGIN)
            continue;
        if (!rr)
            return Err{fmt::format("line {}: {}", state.line, ldns_get_errorstr_by_id(status))};
        if (!add(anchors, rr.get()))
            return Err{fmt::format("line {}: not a DS or DNSKEY record", state.line)};
    }
    if (anchors.empty()) return Err{"there is no trust anchor"};
    return anchors;
}

Result<std::vector<TrustAnchor>> read_trust_anchors(const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    if (!in) return Err{"cannot be read"};
    return parse_trust_anchors(std::string(std::istreambuf_iterator<char>(in), {}));
}

}  // namespace outpost::dnssec
