// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

/// Numbers about a running node, for Prometheus.
namespace outpost::metrics {

/// Label names and values, in the order in which they are shown.
using Labels = std::vector<std::pair<std::string, std::string>>;

/// A number that only grows. Thread-safe, and cheap enough for every message.
class Counter {
  public:
    void add(std::uint64_t n = 1) noexcept { value_.fetch_add(n, std::memory_order_relaxed); }
    std::uint64_t value() const noexcept { return value_.load(std::memory_order_relaxed); }

  private:
    // A cache line of its own: threads that count different things do not wait for each other.
    alignas(64) std::atomic<std::uint64_t> value_{0};
};

/// All that is counted and measured of one node. The parts of a node are given it when they are
/// made, and keep the counters that they need. Thread-safe.
///
/// Names and label names must be Prometheus identifiers, and one name have one kind and one help
/// text: std::logic_error says who broke that. Labels take few values, known from code or
/// configuration; never addresses or anything else that a remote chooses.
class Registry {
  public:
    Registry() = default;
    Registry(const Registry&) = delete;
    Registry& operator=(const Registry&) = delete;

    /// The counter of this name and these labels: the same one each time. Lives as long as the
    /// registry. A counter's name ends in "_total".
    Counter& counter(const std::string& name, const std::string& help, const Labels& labels = {});
    /// A value that is read at each scrape, on the scraper's thread; `read` must not throw, and
    /// what it reads outlive the last scrape. The same name and labels again: replaces it.
    void gauge(
        const std::string& name, const std::string& help, const Labels& labels,
        std::function<double()> read
    );
    /// As `gauge`, for a number that only grows and is kept elsewhere.
    void observed_counter(
        const std::string& name, const std::string& help, const Labels& labels,
        std::function<double()> read
    );

    /// Everything in Prometheus' text format, version 0.0.4: sorted, so that two scrapes compare.
    std::string text() const;

  private:
    enum class Kind { counter, gauge };
    struct Sample {
        std::unique_ptr<Counter> counter;  ///< or else `read`
        std::function<double()> read;
    };
    struct Family {
        Kind kind{};
        std::string help;
        std::map<std::string, Sample> samples;  ///< by their labels as they are printed
    };
    Sample& sample(
        const std::string& name, Kind kind, const std::string& help, const Labels& labels
    );
    static void print(const std::string& name, const Family& family, std::string& out);

    mutable std::mutex mutex_;
    std::map<std::string, Family> families_;
};

}  // namespace outpost::metrics
