// SPDX-License-Identifier: Apache-2.0
#include "core/delivery/queue/load.hpp"

#include <string>
#include <vector>

#include "core/delivery/queue/envelope.hpp"

namespace outpost::queue {
namespace {

using db::Statement;

const std::string message_by_id = "SELECT " + envelope_columns.sql() +
                                  ", m.header FROM outpost_private.message m WHERE m.id = $1";
constexpr int header_column = envelope_columns.size();
const Statement select_message{"select_message", message_by_id.c_str()};
// A page of a body: some rows, and of each no more than a slice (a row from SQL may be a whole
// body).
constexpr std::size_t page_rows = 136, slice_octets = 1 << 20;
const Statement select_content{"select_content", R"(
    SELECT seq, CASE WHEN seq = $2::int4 THEN substr(data, $3::int4, 1048576)
        ELSE substr(data, 1, 1048576) END
    FROM outpost_private.content WHERE message_id = $1 AND seq >= $2::int4
    ORDER BY seq LIMIT 136
)"};

/// The body of a message, page by page.
class BodyReader {
  public:
    BodyReader(db::Session& session, MessageId id) : session_(session), id_(id) {}

    std::vector<std::string> read() {
        while (read_page()) {
        }
        return std::move(body_);
    }

  private:
    /// False when there is no more.
    bool read_page() {
        const db::Rows rows = session_.exec(select_content, to_number(id_), seq_, offset_);
        std::vector<std::string> page;
        bool cut = false;
        for (const db::Row row : rows) {
            page.push_back(row.bytes(1));
            cut = step(static_cast<std::int32_t>(row.number(0)), page.back().size());
            if (cut) break;  // the rest of this row comes before the next
        }
        const bool full = rows.size() == page_rows;
        full ? add_joined(page) : add(page);
        return cut || full;
    }

    /// Sets where to go on behind this part of a row; true when there may be more of it.
    bool step(std::int32_t seq, std::size_t octets) {
        const bool cut = octets == slice_octets;
        const std::int32_t here = seq == seq_ ? offset_ : 1;
        offset_ = cut ? here + static_cast<std::int32_t>(octets) : 1;
        seq_ = cut ? seq : seq + 1;
        return cut;
    }

    void add(std::vector<std::string>& page) {
        for (std::string& data : page) {
            if (!data.empty()) body_.push_back(std::move(data));
        }
    }
    /// Large content in blocks that malloc gets from the system and gives back to it.
    void add_joined(const std::vector<std::string>& page) {
        std::size_t octets = 0;
        for (const std::string& data : page)
            octets += data.size();
        std::string& block = body_.emplace_back();
        block.reserve(octets);
        for (const std::string& data : page)
            block += data;
    }

    db::Session& session_;
    const MessageId id_;
    std::int32_t seq_ = 0, offset_ = 1;  // where the next page begins
    std::vector<std::string> body_;
};

}  // namespace

std::shared_ptr<const delivery::Message> load_message(db::Session& session, MessageId id) {
    const db::Rows rows = session.exec(select_message, to_number(id));
    if (rows.empty()) return nullptr;
    const auto message = envelope_of(rows.at(0), 0, id);
    message->content = std::make_shared<mail::Content>(
        rows.at(0).bytes(header_column), BodyReader(session, id).read()
    );
    return message;
}

std::shared_ptr<const delivery::Message> load_header(db::Session& session, MessageId id) {
    const db::Rows rows = session.exec(select_message, to_number(id));
    if (rows.empty()) return nullptr;
    const auto message = envelope_of(rows.at(0), 0, id);
    message->content = std::make_shared<mail::Content>(
        rows.at(0).bytes(header_column), std::vector<std::string>()
    );
    return message;
}

bool is_whole(const delivery::Message& message) {
    return message.content->size() == message.size;
}

}  // namespace outpost::queue
