// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace outpost::test {

/// One step of a scripted SMTP server: waits for a line, says something, does something.
struct Step {
    enum class Then {
        go_on,
        start_tls,  ///< a TLS handshake as the server, right behind what was said
        stall,      ///< says nothing more, until the client closes
        hang_up,    ///< closes the connection
        reset       ///< closes it with a TCP reset
    };
    std::string expect;  ///< how the line begins; lines before it are passed over, but QUIT ends;
                         ///< empty: waits for none
    std::string say;     ///< octets, sent as they are
    Then then = Then::go_on;
    std::chrono::milliseconds delay{0};  ///< before it speaks
    /// What to say to the line that came, instead of `say`. Runs on the server's thread.
    std::function<std::string(const std::string& line)> answer{};
};
using Script = std::vector<Step>;

/// A server on loopback that plays one script a connection, in order; it hangs up at a script's end
/// and at every connection beyond the last script. Content of DATA is read as lines (expect "."),
/// that of BDAT by its octets. Threads of its own, so that it can drive a client in the test's
/// thread.
class ScriptedServer {
  public:
    struct Options {
        std::string address = "127.0.0.1";
        std::uint16_t port = 0;              ///< 0: any
        std::filesystem::path certificates;  ///< a directory with cert.pem and key.pem, for TLS
    };
    explicit ScriptedServer(std::vector<Script> scripts);
    ScriptedServer(std::vector<Script> scripts, Options options);
    ~ScriptedServer();
    std::uint16_t port() const;
    /// All that the client said in a connection, once it has ended (waits for up to 10 s).
    std::string seen(std::size_t connection = 0);
    /// Connections accepted so far.
    std::size_t connections() const;

  private:
    struct State;
    std::shared_ptr<State> state_;
};

/// Certificates for mx.test and 127.0.0.1 with a CA of their own (ca.pem), gone with the object.
class TestCertificates {
  public:
    TestCertificates();
    ~TestCertificates();
    TestCertificates(const TestCertificates&) = delete;
    TestCertificates& operator=(const TestCertificates&) = delete;
    const std::filesystem::path& directory() const noexcept { return directory_; }

  private:
    std::filesystem::path directory_;
};

}  // namespace outpost::test
