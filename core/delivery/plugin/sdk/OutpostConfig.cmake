# SPDX-License-Identifier: Apache-2.0
# find_package(Outpost) gives outpost_add_plugin(NAME source...): a transport plugin, NAME.so, built
# against the public headers. What they declare is in the server, which loads the plugin, so nothing is
# linked here. Use the compiler that built the server; it refuses others and says so.
include(CMakeFindDependencyMacro)
find_dependency(Threads)
find_dependency(fmt)

get_filename_component(Outpost_INCLUDE_DIR "${CMAKE_CURRENT_LIST_DIR}/../../../include/outpost" ABSOLUTE)

function(outpost_add_plugin name)
    add_library(${name} MODULE ${ARGN})
    set_target_properties(${name} PROPERTIES PREFIX "" POSITION_INDEPENDENT_CODE ON
        CXX_STANDARD 20 CXX_STANDARD_REQUIRED ON CXX_EXTENSIONS OFF)
    target_include_directories(${name} PRIVATE ${Outpost_INCLUDE_DIR})
    target_compile_definitions(${name} PRIVATE ASIO_STANDALONE ASIO_SEPARATE_COMPILATION ASIO_NO_DEPRECATED
        ASIO_DISABLE_AWAITABLE_FRAME_RECYCLING)
    if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
        target_compile_definitions(${name} PRIVATE ASIO_HAS_CO_AWAIT=1)
    endif()
    target_link_libraries(${name} PRIVATE Threads::Threads fmt::fmt)
endfunction()
