// SPDX-License-Identifier: Apache-2.0
#include "policies/mta_sts/record.hpp"

#include <doctest/doctest.h>

using namespace outpost;
using namespace outpost::mta_sts;

namespace {

/// The id, or the fault.
std::string read_all(const std::vector<std::string>& texts) {
    const auto id = parse_records(texts);
    if (id) return *id;
    switch (id.error()) {
        case RecordFault::none:
            return "(none)";
        case RecordFault::several:
            return "(several)";
        case RecordFault::broken:
            break;
    }
    return "(broken)";
}
std::string read(const std::string& text) {
    return read_all({text});
}

}  // namespace

TEST_CASE("a record has a version first, and an id of up to 32 letters and digits") {
    CHECK(read("v=STSv1; id=20260101T000000;") == "20260101T000000");
    CHECK(read("v=STSv1;id=1") == "1");
    CHECK(read("v=STSv1 \t;\t id=a1 ; ") == "a1");
    CHECK(read("v=STSv1; id=" + std::string(32, 'x')) == std::string(32, 'x'));
    CHECK(read("v=STSv1; id=" + std::string(33, 'x')) == "(broken)");
    CHECK(read("v=STSv1; id=") == "(broken)");
    CHECK(read("v=STSv1; id=a-b") == "(broken)");
    CHECK(read("v=STSv1; id = a") == "(broken)");
    CHECK(read("v=STSv1;") == "(broken)");
}

TEST_CASE("other fields are passed over if they are well-formed, and the first id counts") {
    CHECK(read("v=STSv1; more=x,y; id=1; x-y.z_0=!\"#") == "1");
    CHECK(read("v=STSv1; id=1; id=2") == "1");
    CHECK(read("v=STSv1; id=1; more") == "(broken)");
    CHECK(read("v=STSv1; id=1; more=") == "(broken)");
    CHECK(read("v=STSv1; id=1; more=a=b") == "(broken)");
    CHECK(read("v=STSv1; id=1; -more=a") == "(broken)");
    CHECK(read("v=STSv1; ; id=1") == "(broken)");
    CHECK(read("v=STSv1; id=1; more=\xc3\xa9") == "(broken)");
}

TEST_CASE("records of other kinds do not count, and two of ours are one too many") {
    CHECK(read_all({}) == "(none)");
    CHECK(read("v=spf1 -all") == "(none)");
    CHECK(read("id=1; v=STSv1") == "(none)");
    CHECK(read("v=STSv10; id=1") == "(none)");
    CHECK(read("v=STSv1") == "(none)");
    CHECK(read(" v=STSv1; id=1") == "(none)");
    CHECK(read_all({"v=spf1 -all", "v=STSv1; id=1"}) == "1");
    CHECK(read_all({"v=STSv1; id=1", "v=STSv1; id=1"}) == "(several)");
    CHECK(read_all({"v=STSv1; id=1", "v=STSv1; broken"}) == "(several)");
}
