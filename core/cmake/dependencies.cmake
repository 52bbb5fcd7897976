find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(CLI11 REQUIRED)
find_package(ZLIB REQUIRED)
find_package(CURL REQUIRED)
pkg_check_modules(LDNS REQUIRED IMPORTED_TARGET ldns)
pkg_check_modules(PQXX REQUIRED IMPORTED_TARGET libpqxx libpq)
pkg_check_modules(GSASL REQUIRED IMPORTED_TARGET libgsasl)
pkg_check_modules(HTTPLIB REQUIRED IMPORTED_TARGET cpp-httplib)
pkg_check_modules(IDN2 REQUIRED IMPORTED_TARGET libidn2)
pkg_check_modules(PSL REQUIRED IMPORTED_TARGET libpsl)

# Asio is header-only in Debian; its implementation is compiled once, in core/foundation/async/asio.cpp.
add_library(outpost_asio INTERFACE)
# Recycled coroutine frames are handed out to whatever fits: a session that waits with a small frame then
# keeps the memory of a large one, in thousands of sessions. malloc is as fast and gives what is asked for.
target_compile_definitions(outpost_asio INTERFACE ASIO_STANDALONE ASIO_SEPARATE_COMPILATION ASIO_NO_DEPRECATED
    ASIO_DISABLE_AWAITABLE_FRAME_RECYCLING)
if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
    # Asio 1.22 does not recognise C++20 coroutines in clang by itself.
    target_compile_definitions(outpost_asio INTERFACE ASIO_HAS_CO_AWAIT=1)
endif()
target_link_libraries(outpost_asio INTERFACE Threads::Threads OpenSSL::SSL OpenSSL::Crypto)
