# Build speed and strictness, in one place.
find_program(CCACHE ccache)
if(CCACHE)
    set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env
        CCACHE_SLOPPINESS=pch_defines,time_macros ${CCACHE})
endif()
find_program(LLD NAMES ld.lld-19 ld.lld)
if(LLD)
    add_link_options(-fuse-ld=${LLD})
endif()

# Debug is for those who change the code: what compiles fastest, with lines in stack traces. The checks
# build their sanitizers with OUTPOST_SANITIZE, at -O1, where ASan's code is fast enough to run.
set(CMAKE_CXX_FLAGS_DEBUG "-O0 -g1")
set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O2 -g1")
if(OUTPOST_SANITIZE)
    set(CMAKE_CXX_FLAGS_DEBUG "-O1 -g1")
endif()

add_library(outpost_flags INTERFACE)
target_compile_options(outpost_flags INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wno-unused-parameter
    -Werror=switch -Werror=return-type -Werror=unused-result)
if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
    # Lets ccache reuse objects built against a precompiled header.
    target_compile_options(outpost_flags INTERFACE "SHELL:-Xclang -fno-pch-timestamp")
endif()
if(OUTPOST_SANITIZE)
    add_compile_options(-fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer)
    add_link_options(-fsanitize=address,undefined)
endif()
if(OUTPOST_FUZZ)
    add_compile_options(-fsanitize=fuzzer-no-link,address,undefined -fno-omit-frame-pointer)
    add_link_options(-fsanitize=address,undefined)
endif()
