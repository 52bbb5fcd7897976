// SPDX-License-Identifier: Apache-2.0
// How batches of rows are written for PostgreSQL: columns of outcomes, as binary arrays.
#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "core/foundation/database/parameter.hpp"

using namespace outpost;

namespace {

/// The types of columns that an outcome has, for so many outcomes.
void encode_outcomes(benchmark::State& state) {
    const auto count = static_cast<std::size_t>(state.range(0));
    const std::vector<std::int64_t> ids(count, 1234567);
    const std::vector<std::int32_t> numbers(count, 1);
    const std::vector<std::string> replies(count, "250 2.0.0 Ok: queued as 4XyZ1a2b3c");
    const std::vector<std::string> hosts(count, "mx.example.org");
    const std::vector<bool> flags(count, false);
    const std::vector<double> durations(count, 0.25);
    const std::vector<std::optional<WallTime>> times(count, WallTime{});
    for (auto _ : state) {
        benchmark::DoNotOptimize(db::encode(ids));
        benchmark::DoNotOptimize(db::encode(numbers));
        benchmark::DoNotOptimize(db::encode(replies));
        benchmark::DoNotOptimize(db::encode(hosts));
        benchmark::DoNotOptimize(db::encode(flags));
        benchmark::DoNotOptimize(db::encode(durations));
        benchmark::DoNotOptimize(db::encode(times));
    }
    state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(encode_outcomes)->Arg(1)->Arg(64)->Arg(256);

/// Message bodies, which are most of what an acceptance sends.
void encode_bodies(benchmark::State& state) {
    const std::string body(10240, 'x');
    const std::vector<db::Bytes> bodies(static_cast<std::size_t>(state.range(0)), db::Bytes(body));
    for (auto _ : state)
        benchmark::DoNotOptimize(db::encode(bodies));
    state.SetBytesProcessed(
        state.iterations() * state.range(0) * static_cast<std::int64_t>(body.size())
    );
}
BENCHMARK(encode_bodies)->Arg(64);

}  // namespace
