// SPDX-License-Identifier: Apache-2.0
#include "core/foundation/base/encoding.hpp"
#include "core/mail/message/address.hpp"
#include "core/mail/message/header.hpp"

namespace outpost::mail {
namespace {

/// Reads an address list in one pass, without recursion: comments nest by a counter, and a group is
/// just a name before a colon and a semicolon behind.
class AddressListReader {
  public:
    explicit AddressListReader(std::string_view text) : text_(text) {}

    AddressList read() {
        while (!text_.empty())
            step();
        finish_entry();
        return std::move(list_);
    }

  private:
    void step() {
        switch (text_.front()) {
            case '(':
                return skip_comment();
            case '"':
                return copy_quoted();
            case '[':
                return copy_until(']');
            case '<':
                if (had_angle_) finish_entry();  // a comma was forgotten
                in_angle_ = had_angle_ = true;
                return drop();
            case '>':
                in_angle_ = false;
                return drop();
            case ':':
                // Outside of angle brackets a group's name ends here, inside a source route does
                // (RFC 5322 section 4.4); neither is of interest.
                current().clear();
                return drop();
            case ',':
            case ';':
                // A comma in angle brackets belongs to a source route.
                if (!in_angle_) finish_entry();
                return drop();
            default:
                return copy();
        }
    }

    std::string& current() noexcept { return in_angle_ ? angle_ : plain_; }
    void drop() { text_.remove_prefix(1); }
    void copy() {
        if (text_.front() != '\r' && text_.front() != '\n') current() += text_.front();
        drop();
    }

    void copy_quoted() {
        copy();
        while (!text_.empty() && text_.front() != '"') {
            if (text_.front() == '\\' && text_.size() > 1) copy();
            copy();
        }
        if (!text_.empty()) copy();
    }

    void copy_until(char end) {
        while (!text_.empty() && text_.front() != end)
            copy();
        if (!text_.empty()) copy();
    }

    void skip_comment() {
        std::size_t depth = 0;
        do {
            if (text_.front() == '\\' && text_.size() > 1) {
                drop();
            } else if (text_.front() == '(') {
                ++depth;
            } else if (text_.front() == ')') {
                --depth;
            }
            drop();
        } while (depth > 0 && !text_.empty());
    }

    void finish_entry() {
        const std::string_view entry = trim(had_angle_ ? angle_ : plain_);
        if (!entry.empty() || had_angle_) {
            const bool readable = Address::parse(entry).has_value();
            (readable ? list_.addresses : list_.bad).emplace_back(entry);
        }
        plain_.clear();
        angle_.clear();
        in_angle_ = had_angle_ = false;
    }

    std::string_view text_;
    AddressList list_;
    std::string plain_, angle_;
    bool in_angle_ = false, had_angle_ = false;
};

}  // namespace

AddressList parse_address_list(std::string_view value) {
    return AddressListReader(value).read();
}

}  // namespace outpost::mail
