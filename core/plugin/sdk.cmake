# The SDK: the headers that are promised to plugins, how they are installed, and how a program offers
# the code behind them.

# Every header here includes only others of this list; a test builds a plugin from the installed set.
set(OUTPOST_SDK_HEADERS
    core/async/awaitable.hpp core/async/deadline.hpp
    core/base/clock.hpp core/base/crypto.hpp core/base/encoding.hpp core/base/ids.hpp
    core/base/log.hpp core/base/result.hpp core/base/secret.hpp
    core/delivery/job.hpp core/delivery/policy_mode.hpp core/delivery/transport.hpp
    core/delivery/verdict.hpp
    core/dns/resolver.hpp
    core/mail/address.hpp core/mail/content.hpp core/mail/domain.hpp
    core/net/dialer.hpp core/net/endpoint.hpp core/net/line_reader.hpp core/net/stream.hpp
    core/plugin/abi.hpp core/plugin/build_id.hpp core/plugin/options.hpp
    core/smtp/chat.hpp core/smtp/command_format.hpp core/smtp/data_encoder.hpp
    core/smtp/extensions.hpp core/smtp/reply.hpp
    core/tls/facts.hpp core/tls/failure.hpp core/tls/requirement.hpp)
set_property(GLOBAL PROPERTY OUTPOST_SDK_HEADERS "${OUTPOST_SDK_HEADERS}")
list(TRANSFORM OUTPOST_SDK_HEADERS PREPEND ${CMAKE_SOURCE_DIR}/ OUTPUT_VARIABLE sdk_header_files)

set(sdk_generated ${CMAKE_BINARY_DIR}/generated)
add_custom_command(
    OUTPUT ${sdk_generated}/core/plugin/sdk_hash.hpp
    COMMAND ${CMAKE_COMMAND} "-DHEADERS=${sdk_header_files}"
            -DOUTPUT=${sdk_generated}/core/plugin/sdk_hash.hpp -P ${CMAKE_CURRENT_LIST_DIR}/sdk_hash.cmake
    DEPENDS ${sdk_header_files} ${CMAKE_CURRENT_LIST_DIR}/sdk_hash.cmake
    VERBATIM)
add_custom_target(outpost_sdk_hash DEPENDS ${sdk_generated}/core/plugin/sdk_hash.hpp)

# outpost_export_sdk(TARGET): the program holds all code behind the public headers, whether it calls it
# itself or not, and shows it to the plugins that it loads.
function(outpost_export_sdk target)
    set_target_properties(${target} PROPERTIES ENABLE_EXPORTS ON)
    foreach(module base async mail tls net dns smtp delivery plugin)
        get_target_property(kind outpost_${module} TYPE)
        if(kind STREQUAL "STATIC_LIBRARY")
            target_link_options(${target} PRIVATE
                "SHELL:-Wl,--whole-archive $<TARGET_FILE:outpost_${module}> -Wl,--no-whole-archive")
            set_property(TARGET ${target} APPEND PROPERTY LINK_DEPENDS $<TARGET_FILE:outpost_${module}>)
        endif()
        target_link_libraries(${target} PRIVATE outpost_${module})
    endforeach()
endfunction()

# cmake --install BUILD --component sdk
foreach(header IN LISTS OUTPOST_SDK_HEADERS)
    get_filename_component(folder ${header} DIRECTORY)
    install(FILES ${CMAKE_SOURCE_DIR}/${header} DESTINATION include/outpost/${folder} COMPONENT sdk)
endforeach()
install(FILES ${sdk_generated}/core/plugin/sdk_hash.hpp
    DESTINATION include/outpost/core/plugin COMPONENT sdk)
install(FILES ${CMAKE_CURRENT_LIST_DIR}/OutpostConfig.cmake DESTINATION lib/cmake/Outpost COMPONENT sdk)
