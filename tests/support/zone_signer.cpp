// SPDX-License-Identifier: Apache-2.0
#include "tests/support/zone_signer.hpp"

#include <fmt/format.h>
#include <ldns/ldns.h>

#include <algorithm>
#include <cstdlib>
#include <stdexcept>

#include "core/foundation/base/encoding.hpp"

namespace outpost::test {
namespace {

struct Free {
    void operator()(ldns_rr* rr) const { ldns_rr_free(rr); }
    void operator()(ldns_rr_list* list) const { ldns_rr_list_deep_free(list); }
    void operator()(ldns_rdf* data) const { ldns_rdf_deep_free(data); }
    void operator()(ldns_key_list* keys) const { ldns_key_list_free(keys); }
    void operator()(ldns_buffer* buffer) const { ldns_buffer_free(buffer); }
    void operator()(char* text) const { std::free(text); }
};
template <class T>
using Held = std::unique_ptr<T, Free>;

void require(ldns_status status) {
    if (status != LDNS_STATUS_OK) throw std::runtime_error(ldns_get_errorstr_by_id(status));
}

Held<ldns_rr> parse(const std::string& line) {
    ldns_rr* rr = nullptr;
    require(ldns_rr_new_frm_str(&rr, line.c_str(), 300, nullptr, nullptr));
    return Held<ldns_rr>(rr);
}

std::string rdata(const ldns_rr* rr) {
    const Held<ldns_buffer> buffer(ldns_buffer_new(LDNS_MIN_BUFLEN));
    require(ldns_rr_rdata2buffer_wire(buffer.get(), rr));
    return {
        reinterpret_cast<const char*>(ldns_buffer_begin(buffer.get())),
        ldns_buffer_position(buffer.get())
    };
}

dnssec::Record to_record(ldns_rr* rr) {
    ldns_rr2canonical(rr);
    const ldns_rdf* owner = ldns_rr_owner(rr);
    return {
        *dnssec::Name::from_wire(
            {reinterpret_cast<const char*>(ldns_rdf_data(owner)), ldns_rdf_size(owner)}
        ),
        static_cast<dnssec::TypeNumber>(ldns_rr_get_type(rr)), ldns_rr_ttl(rr), rdata(rr)
    };
}

std::vector<dnssec::Record> to_records(const ldns_rr_list* list) {
    std::vector<dnssec::Record> out;
    for (std::size_t i = 0; i < ldns_rr_list_rr_count(list); ++i)
        out.push_back(to_record(ldns_rr_list_rr(list, i)));
    return out;
}

constexpr std::string_view base32_digits = "0123456789abcdefghijklmnopqrstuv";

/// The next number up or down in base 32.
std::string neighbour(std::string digits, bool up) {
    for (auto at = digits.rbegin(); at != digits.rend(); ++at) {
        const std::size_t value = base32_digits.find(*at);
        const bool carries = value == (up ? 31U : 0U);
        *at = base32_digits[(value + (up ? 1 : 31)) % 32];
        if (!carries) break;
    }
    return digits;
}

/// ldns puts tabs between fields.
std::string spaced(std::string line) {
    std::replace(line.begin(), line.end(), '\t', ' ');
    return line;
}

}  // namespace

struct ZoneSigner::State {
    Held<ldns_key_list> keys{ldns_key_list_new()};
    ldns_key* signing = nullptr;  // of the list
    Held<ldns_rr> dnskey;
    dnssec::Name apex;
    dnssec::Key key;
};

ZoneSigner::ZoneSigner(std::string_view apex, std::uint8_t algorithm)
    : state_(std::make_unique<State>()) {
    const std::uint16_t bits = algorithm == 8 || algorithm == 10 ? 2048
                               : algorithm == 14                 ? 384
                                                                 : 256;
    state_->apex = *dnssec::Name::parse(apex);
    state_->signing =
        ldns_key_new_frm_algorithm(static_cast<ldns_signing_algorithm>(algorithm), bits);
    if (state_->signing == nullptr) throw std::runtime_error("no key of this algorithm");
    ldns_key_set_pubkey_owner(state_->signing, ldns_dname_new_frm_str(std::string(apex).c_str()));
    ldns_key_set_flags(state_->signing, 257);
    state_->dnskey.reset(ldns_key2rr(state_->signing));
    ldns_key_set_keytag(state_->signing, ldns_calc_keytag(state_->dnskey.get()));
    ldns_key_list_push_key(state_->keys.get(), state_->signing);
    state_->key = *dnssec::Key::parse(rdata(state_->dnskey.get()));
}

ZoneSigner::~ZoneSigner() = default;
ZoneSigner::ZoneSigner(ZoneSigner&&) noexcept = default;

const dnssec::Key& ZoneSigner::key() const {
    return state_->key;
}

dnssec::Zone ZoneSigner::zone() const {
    return {state_->apex, {state_->key}};
}

std::string ZoneSigner::ds() const {
    const Held<ldns_rr> ds(ldns_key_rr2ds(state_->dnskey.get(), LDNS_SHA256));
    return rdata(ds.get());
}

std::string ZoneSigner::ds_line() const {
    const Held<ldns_rr> ds(ldns_key_rr2ds(state_->dnskey.get(), LDNS_SHA256));
    const Held<char> text(ldns_rr2str(ds.get()));
    return spaced(text.get());
}

std::string ZoneSigner::dnskey_line(std::uint32_t ttl) const {
    ldns_rr_set_ttl(state_->dnskey.get(), ttl);
    const Held<char> text(ldns_rr2str(state_->dnskey.get()));
    return text.get();
}

std::vector<dnssec::Record> ZoneSigner::sign(
    const std::vector<std::string>& lines, Validity validity
) const {
    const Held<ldns_rr_list> set(ldns_rr_list_new());
    for (const std::string& line : lines)
        ldns_rr_list_push_rr(set.get(), parse(line).release());
    ldns_key_set_inception(state_->signing, static_cast<std::uint32_t>(validity.inception));
    ldns_key_set_expiration(state_->signing, static_cast<std::uint32_t>(validity.expiration));
    const Held<ldns_rr_list> signatures(ldns_sign_public(set.get(), state_->keys.get()));
    if (!signatures || ldns_rr_list_rr_count(signatures.get()) == 0)
        throw std::runtime_error("cannot sign");
    return to_records(set.get()) + to_records(signatures.get());
}

std::vector<dnssec::Record> records(const std::vector<std::string>& lines) {
    std::vector<dnssec::Record> out;
    for (const std::string& line : lines)
        out.push_back(to_record(parse(line).get()));
    return out;
}

std::vector<dnssec::Record> operator+(
    std::vector<dnssec::Record> a, const std::vector<dnssec::Record>& b
) {
    a.insert(a.end(), b.begin(), b.end());
    return a;
}

std::vector<dnssec::Record> renamed(std::vector<dnssec::Record> records, std::string_view owner) {
    for (dnssec::Record& record : records)
        record.owner = *dnssec::Name::parse(owner);
    return records;
}

std::string Nsec3Chain::hashed(std::string_view name) const {
    const Held<ldns_rdf> plain(ldns_dname_new_frm_str(std::string(name).c_str()));
    const std::string raw_salt = hex_decode(salt).value();
    const Held<ldns_rdf> hash(ldns_nsec3_hash_name(
        plain.get(), 1, static_cast<std::uint16_t>(iterations),
        static_cast<std::uint8_t>(raw_salt.size()),
        reinterpret_cast<const std::uint8_t*>(raw_salt.data())
    ));
    const Held<char> text(ldns_rdf2str(hash.get()));
    return to_lower(std::string_view(text.get()).substr(0, 32));
}

std::string Nsec3Chain::line(
    const std::string& owner, const std::string& next, std::string_view types
) const {
    return fmt::format(
        "{}.{} 300 IN NSEC3 1 {} {} {} {} {}", owner, zone, opt_out ? 1 : 0, iterations, salt, next,
        types
    );
}

std::string Nsec3Chain::at(std::string_view name, std::string_view types) const {
    const std::string hash = hashed(name);
    return line(hash, neighbour(hash, true), types);
}

std::string Nsec3Chain::around(std::string_view name, std::string_view types) const {
    const std::string hash = hashed(name);
    return line(neighbour(hash, false), neighbour(hash, true), types);
}

}  // namespace outpost::test
