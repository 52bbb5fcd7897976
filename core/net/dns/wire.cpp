// SPDX-License-Identifier: Apache-2.0
#include "core/net/dns/wire.hpp"

#include <ldns/ldns.h>
#include <asio/ip/address.hpp>

#include <algorithm>
#include <cstdlib>
#include <memory>

#include "core/foundation/base/encoding.hpp"

namespace outpost::dns {
namespace {

constexpr std::uint16_t largest_udp_answer = 1232;  // fits in one IPv6 packet everywhere
constexpr std::size_t header_size = 12;
constexpr std::uint16_t extended_error_option = 15;

struct Free {
    void operator()(ldns_pkt* packet) const { ldns_pkt_free(packet); }
    void operator()(ldns_rdf* data) const { ldns_rdf_deep_free(data); }
    void operator()(ldns_buffer* buffer) const { ldns_buffer_free(buffer); }
    void operator()(void* memory) const { std::free(memory); }
};
using Packet = std::unique_ptr<ldns_pkt, Free>;
using Data = std::unique_ptr<ldns_rdf, Free>;

std::string_view bytes(const ldns_rdf* data) {
    return {reinterpret_cast<const char*>(ldns_rdf_data(data)), ldns_rdf_size(data)};
}

/// A name in presentation form: octets that are not letters, digits, hyphen or underscore are
/// escaped by ldns, so what comes out is printable ASCII.
std::string name_text(const ldns_rdf* name) {
    const std::unique_ptr<char, Free> text(ldns_rdf2str(name));
    return text ? canonical(text.get()) : std::string();
}

std::optional<std::string> address_text(std::string_view octets) {
    if (octets.size() == 4) {
        asio::ip::address_v4::bytes_type raw;
        std::copy(octets.begin(), octets.end(), raw.begin());
        return asio::ip::make_address_v4(raw).to_string();
    }
    if (octets.size() != 16) return std::nullopt;
    asio::ip::address_v6::bytes_type raw;
    std::copy(octets.begin(), octets.end(), raw.begin());
    return asio::ip::make_address_v6(raw).to_string();
}

/// The fields of a record as they came, one after another.
std::string joined_fields(const ldns_rr* rr, std::size_t length_octets) {
    std::string out;
    for (std::size_t i = 0; i < ldns_rr_rd_count(rr); ++i) {
        const ldns_rdf* field = ldns_rr_rdf(rr, i);
        if (field != nullptr)
            out += bytes(field).substr(std::min(length_octets, ldns_rdf_size(field)));
    }
    return out;
}

bool is_name(const ldns_rdf* field) {
    return field != nullptr && ldns_rdf_get_type(field) == LDNS_RDF_TYPE_DNAME;
}

/// Empty for a record whose data is short or of the wrong kind.
std::optional<Record> to_record(const ldns_rr* rr) {
    Record record;
    record.type = static_cast<Type>(ldns_rr_get_type(rr));
    const ldns_rdf* first = ldns_rr_rd_count(rr) > 0 ? ldns_rr_rdf(rr, 0) : nullptr;
    if (first == nullptr) return std::nullopt;
    switch (record.type) {
        case Type::a:
        case Type::aaaa: {
            auto address = address_text(bytes(first));
            if (!address) return std::nullopt;
            record.text = std::move(*address);
            return record;
        }
        case Type::mx: {
            const ldns_rdf* exchange = ldns_rr_rd_count(rr) == 2 ? ldns_rr_rdf(rr, 1) : nullptr;
            if (!is_name(exchange) || ldns_rdf_size(first) != 2) return std::nullopt;
            record.preference = ldns_rdf2native_int16(first);
            record.text = name_text(exchange);
            return record;
        }
        case Type::cname:
        case Type::ns:
        case Type::ptr:
            if (!is_name(first)) return std::nullopt;
            record.text = name_text(first);
            return record;
        case Type::txt:
            record.text = joined_fields(rr, 1);
            return record;  // each string has a length octet
        case Type::tlsa:
            record.text = joined_fields(rr, 0);
            return record;
        case Type::soa:
        case Type::ds:
        case Type::rrsig:
        case Type::nsec:
        case Type::dnskey:
        case Type::nsec3:
            return std::nullopt;  // not part of an answer
    }
    return std::nullopt;
}

std::vector<OwnedRecord> answers_of(const ldns_pkt* packet, Type wanted) {
    std::vector<OwnedRecord> out;
    const ldns_rr_list* list = ldns_pkt_answer(packet);
    for (std::size_t i = 0; list != nullptr && i < ldns_rr_list_rr_count(list); ++i) {
        const ldns_rr* rr = ldns_rr_list_rr(list, i);
        const auto type = static_cast<Type>(ldns_rr_get_type(rr));
        if ((type != wanted && type != Type::cname) || ldns_rr_get_class(rr) != LDNS_RR_CLASS_IN)
            continue;
        auto record = to_record(rr);
        // RFC 2181 section 8: a TTL with the highest bit set counts as zero.
        const std::uint32_t ttl = ldns_rr_ttl(rr) > INT32_MAX ? 0 : ldns_rr_ttl(rr);
        if (record)
            out.push_back(
                {name_text(ldns_rr_owner(rr)), std::move(*record), std::chrono::seconds(ttl)}
            );
    }
    return out;
}

/// RFC 2308 section 5: the smaller of the SOA's own TTL and its MINIMUM field.
std::optional<std::chrono::seconds> negative_ttl_of(const ldns_pkt* packet) {
    const ldns_rr_list* list = ldns_pkt_authority(packet);
    for (std::size_t i = 0; list != nullptr && i < ldns_rr_list_rr_count(list); ++i) {
        const ldns_rr* rr = ldns_rr_list_rr(list, i);
        if (ldns_rr_get_type(rr) != LDNS_RR_TYPE_SOA || ldns_rr_rd_count(rr) != 7) continue;
        const ldns_rdf* minimum = ldns_rr_rdf(rr, 6);
        if (minimum == nullptr || ldns_rdf_size(minimum) != 4) continue;
        const std::uint32_t ttl = std::min(ldns_rr_ttl(rr), ldns_rdf2native_int32(minimum));
        return std::chrono::seconds(ttl > INT32_MAX ? 0 : ttl);
    }
    return std::nullopt;
}

unsigned number_at(std::string_view octets, std::size_t at) {
    return static_cast<unsigned char>(octets[at]) << 8 | static_cast<unsigned char>(octets[at + 1]);
}

/// RFC 8914: option 15, whose data is the info code and a text. There may be several: the first one
/// about authentication says most.
void read_extended_errors(const ldns_pkt* packet, Response& response) {
    const ldns_rdf* data = ldns_pkt_edns_data(packet);
    if (data == nullptr) return;
    for (std::string_view rest = bytes(data); rest.size() >= 4;) {
        const unsigned option = number_at(rest, 0), length = number_at(rest, 2);
        rest.remove_prefix(4);
        if (length > rest.size()) return;
        if (option == extended_error_option && length >= 2) {
            const int code = static_cast<int>(number_at(rest, 0));
            if (response.extended_error < 0 ||
                (is_authentication_error(code) && !is_authentication_error(response.extended_error)
                )) {
                response.extended_error = code;
                response.extended_text = std::string(rest.substr(2, length - 2));
                // RFC 8914 section 2: it may end in a NUL.
                if (response.extended_text.ends_with('\0')) response.extended_text.pop_back();
            }
        }
        rest.remove_prefix(length);
    }
}

/// RFC 4034 section 6.2: the canonical form. Records that ldns cannot write are left out.
std::vector<dnssec::Record> canonical_records(const ldns_rr_list* list) {
    std::vector<dnssec::Record> out;
    for (std::size_t i = 0; list != nullptr && i < ldns_rr_list_rr_count(list); ++i) {
        ldns_rr* rr = ldns_rr_list_rr(list, i);
        if (ldns_rr_get_class(rr) != LDNS_RR_CLASS_IN) continue;
        ldns_rr2canonical(rr);
        auto owner = dnssec::Name::from_wire(bytes(ldns_rr_owner(rr)));
        const std::unique_ptr<ldns_buffer, Free> data(ldns_buffer_new(LDNS_MIN_BUFLEN));
        if (!owner || !data || ldns_rr_rdata2buffer_wire(data.get(), rr) != LDNS_STATUS_OK)
            continue;
        // RFC 2181 section 8: a TTL with the highest bit set counts as zero.
        const std::uint32_t ttl = ldns_rr_ttl(rr) > INT32_MAX ? 0 : ldns_rr_ttl(rr);
        out.push_back(
            {std::move(*owner), static_cast<dnssec::TypeNumber>(ldns_rr_get_type(rr)), ttl,
             std::string(
                 reinterpret_cast<const char*>(ldns_buffer_begin(data.get())),
                 ldns_buffer_position(data.get())
             )}
        );
    }
    return out;
}

bool repeats_question(const ldns_pkt* packet, const Question& question) {
    const ldns_rr_list* list = ldns_pkt_question(packet);
    const std::size_t count = list != nullptr ? ldns_rr_list_rr_count(list) : 0;
    // A server that could not parse the question cannot repeat it.
    if (count == 0) return ldns_pkt_get_rcode(packet) == LDNS_RCODE_FORMERR;
    if (count != 1) return false;
    const ldns_rr* rr = ldns_rr_list_rr(list, 0);
    return ldns_rr_get_class(rr) == LDNS_RR_CLASS_IN &&
           static_cast<Type>(ldns_rr_get_type(rr)) == question.type &&
           name_text(ldns_rr_owner(rr)) == canonical(question.name);
}

Failure malformed(std::string why) {
    return {Failure::Kind::malformed, std::move(why), -1};
}

}  // namespace

std::string canonical(std::string_view name) {
    if (!name.empty() && name.back() == '.') name.remove_suffix(1);
    return to_lower(name);
}

bool is_authentication_error(int extended_error) noexcept {
    return extended_error == 1 || extended_error == 2 ||
           (extended_error >= 5 && extended_error <= 12);
}

Result<std::string> encode_query(const Question& question, std::uint16_t id, bool edns, Want want) {
    Data name(ldns_dname_new_frm_str((canonical(question.name) + ".").c_str()));
    if (!name || question.name.find('\0') != std::string::npos) return Err{"not a domain name"};
    const Packet packet(ldns_pkt_query_new(
        name.get(), static_cast<ldns_rr_type>(question.type), LDNS_RR_CLASS_IN, LDNS_RD
    ));
    if (!packet) return Err{"no memory for a query"};
    name.release();  // the packet's now
    ldns_pkt_set_id(packet.get(), id);
    if (edns) ldns_pkt_set_edns_udp_size(packet.get(), largest_udp_answer);
    if (edns) ldns_pkt_set_edns_do(packet.get(), want == Want::proof);
    ldns_pkt_set_ad(packet.get(), want == Want::judgement);
    ldns_pkt_set_cd(packet.get(), want == Want::unchecked || want == Want::proof);
    const std::unique_ptr<ldns_buffer, Free> buffer(ldns_buffer_new(LDNS_MIN_BUFLEN));
    if (!buffer || ldns_pkt2buffer_wire(buffer.get(), packet.get()) != LDNS_STATUS_OK)
        return Err{"not a domain name"};
    return std::string(
        reinterpret_cast<const char*>(ldns_buffer_begin(buffer.get())),
        ldns_buffer_position(buffer.get())
    );
}

std::optional<Result<Response, Failure>> decode_response(
    std::string_view packet, std::uint16_t id, const Question& question, Want want
) {
    if (packet.size() < header_size || number_at(packet, 0) != id) return std::nullopt;
    ldns_pkt* raw = nullptr;
    const auto* octets = reinterpret_cast<const std::uint8_t*>(packet.data());
    const ldns_status status = ldns_wire2pkt(&raw, octets, packet.size());
    const Packet parsed(status == LDNS_STATUS_OK ? raw : nullptr);
    if (!parsed) return Err{malformed(ldns_get_errorstr_by_id(status))};
    if (!ldns_pkt_qr(parsed.get()) || !repeats_question(parsed.get(), question))
        return std::nullopt;
    Response response;
    const int code = ldns_pkt_get_rcode(parsed.get());
    if (code > static_cast<int>(ReplyCode::refused))
        return Err{malformed("reply code " + std::to_string(code))};
    // An extended code (BADVERS) means that the server does not know our kind of EDNS.
    const bool bad_version = ldns_pkt_edns_extended_rcode(parsed.get()) != 0;
    response.code = bad_version ? ReplyCode::format_error : static_cast<ReplyCode>(code);
    response.truncated = ldns_pkt_tc(parsed.get());
    response.authentic = ldns_pkt_ad(parsed.get());
    read_extended_errors(parsed.get(), response);
    response.answers = answers_of(parsed.get(), question.type);
    response.negative_ttl = negative_ttl_of(parsed.get());
    if (want == Want::proof) {
        response.proof_answer = canonical_records(ldns_pkt_answer(parsed.get()));
        response.proof_authority = canonical_records(ldns_pkt_authority(parsed.get()));
    }
    return response;
}

}  // namespace outpost::dns
