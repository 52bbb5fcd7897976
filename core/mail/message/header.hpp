// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace outpost::mail {

/// One header field of a header section: where it lies and what it says.
struct HeaderField {
    std::string_view name;
    /// Everything after the colon, folded as it came, without the final CRLF.
    std::string_view raw_value;
    /// The whole field with its final CRLF.
    std::string_view whole;
    /// The value unfolded (RFC 5322 section 2.2.3) and trimmed.
    std::string value() const;
};

/// A header section (as in Content::header), parsed once, at construction. Whoever changes it keeps
/// what is known of it: prepended fields alone are parsed, erased ones are forgotten. Lines that
/// are no field are skipped and kept octet by octet, as is what follows the empty line. Parsing
/// never throws, whatever the octets.
///
/// Fields are views into the section: they hold until it is changed, moved or gone. They are
/// remembered by twelve octets each, so a section of the shortest fields takes four times its size.
class Header {
  public:
    Header() = default;
    explicit Header(std::string section);

    const std::string& str() const& noexcept { return section_; }
    std::string str() && noexcept { return std::move(section_); }
    /// Octets of the section.
    std::size_t size() const noexcept { return section_.size(); }

    std::size_t field_count() const noexcept { return places_.size(); }
    HeaderField field(std::size_t index) const;

    /// The first field of that name, without regard to case.
    std::optional<HeaderField> find(std::string_view name) const;
    std::size_t count(std::string_view name) const;

    /// Takes out the fields of these names.
    void erase(std::initializer_list<std::string_view> names);
    void erase_if(const std::function<bool(const HeaderField&)>& unwanted);
    /// Puts whole fields on top, each with its final CRLF.
    void prepend(std::string_view fields);

    /// Goes over the fields from the top.
    class Iterator {
      public:
        Iterator(const Header& header, std::size_t index) : header_(&header), index_(index) {}
        HeaderField operator*() const { return header_->field(index_); }
        Iterator& operator++() {
            ++index_;
            return *this;
        }
        bool operator==(const Iterator& other) const noexcept { return index_ == other.index_; }

      private:
        const Header* header_;
        std::size_t index_;
    };
    Iterator begin() const { return {*this, 0}; }
    Iterator end() const { return {*this, places_.size()}; }

  private:
    /// 32 bits: nobody sends header sections of 4 GiB. What lies behind that is not parsed.
    struct Place {
        std::uint32_t begin, colon, end;
    };
    static std::vector<Place> parse(std::string_view section);

    std::string section_;
    std::vector<Place> places_;
};

/// The first field of that name in a section of which nothing else is asked: looks no further.
std::optional<HeaderField> find_field(std::string_view section, std::string_view name);

/// Octets of header sections that this thread has parsed since it began. Tests hold acceptance to
/// parsing each octet once.
std::uint64_t octets_parsed() noexcept;

/// Addresses of an address-list header value (To, Cc, Bcc): display names, comments and groups are
/// read over (RFC 5322 section 3.4). What cannot be read is returned in `bad`.
struct AddressList {
    std::vector<std::string> addresses;
    std::vector<std::string> bad;
};
AddressList parse_address_list(std::string_view value);

}  // namespace outpost::mail
