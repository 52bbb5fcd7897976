# The SDK: the headers that are promised to plugins, how they are installed, and how a program offers
# the code behind them.

# Every header here includes only others of this list; a test builds a plugin from the installed set.
set(OUTPOST_SDK_HEADERS
    core/foundation/async/awaitable.hpp
    core/foundation/async/deadline.hpp
    core/foundation/base/clock.hpp
    core/foundation/base/crypto.hpp
    core/foundation/base/encoding.hpp
    core/foundation/base/ids.hpp
    core/foundation/base/log.hpp
    core/foundation/base/result.hpp
    core/foundation/base/secret.hpp
    core/net/dns/domain.hpp
    core/net/dns/resolver.hpp
    core/net/sockets/dialer.hpp
    core/net/sockets/endpoint.hpp
    core/net/sockets/line_reader.hpp
    core/net/sockets/stream.hpp
    core/net/tls/facts.hpp
    core/net/tls/failure.hpp
    core/net/tls/requirement.hpp
    core/mail/message/address.hpp
    core/mail/message/content.hpp
    core/mail/smtp/chat.hpp
    core/mail/smtp/command_format.hpp
    core/mail/smtp/data_encoder.hpp
    core/mail/smtp/dsn_parameters.hpp
    core/mail/smtp/recipient.hpp
    core/mail/smtp/tls_wish.hpp
    core/mail/smtp/extensions.hpp
    core/mail/smtp/reply.hpp
    core/delivery/interface/body.hpp
    core/delivery/interface/job.hpp
    core/delivery/interface/policy_mode.hpp
    core/delivery/interface/transport.hpp
    core/delivery/interface/verdict.hpp
    core/delivery/plugin/sdk/abi.hpp
    core/delivery/plugin/sdk/build_id.hpp
    core/delivery/plugin/sdk/options.hpp)
set_property(GLOBAL PROPERTY OUTPOST_SDK_HEADERS "${OUTPOST_SDK_HEADERS}")
list(TRANSFORM OUTPOST_SDK_HEADERS PREPEND ${CMAKE_SOURCE_DIR}/ OUTPUT_VARIABLE sdk_header_files)

set(sdk_generated ${CMAKE_BINARY_DIR}/generated)
add_custom_command(
    OUTPUT ${sdk_generated}/core/delivery/plugin/sdk/sdk_hash.hpp
    COMMAND ${CMAKE_COMMAND} "-DHEADERS=${sdk_header_files}"
            -DOUTPUT=${sdk_generated}/core/delivery/plugin/sdk/sdk_hash.hpp -P ${CMAKE_CURRENT_LIST_DIR}/sdk_hash.cmake
    DEPENDS ${sdk_header_files} ${CMAKE_CURRENT_LIST_DIR}/sdk_hash.cmake
    VERBATIM)
add_custom_target(outpost_sdk_hash DEPENDS ${sdk_generated}/core/delivery/plugin/sdk/sdk_hash.hpp)

# outpost_export_sdk(TARGET): the program holds all code behind the public headers, whether it calls it
# itself or not, and shows it to the plugins that it loads.
function(outpost_export_sdk target)
    set_target_properties(${target} PROPERTIES ENABLE_EXPORTS ON)
    foreach(module foundation_base foundation_async mail_message net_tls net_sockets net_dns mail_smtp
            delivery_interface delivery_plugin_sdk)
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
install(FILES ${sdk_generated}/core/delivery/plugin/sdk/sdk_hash.hpp
    DESTINATION include/outpost/core/delivery/plugin/sdk COMPONENT sdk)
install(FILES ${CMAKE_CURRENT_LIST_DIR}/OutpostConfig.cmake DESTINATION lib/cmake/Outpost COMPONENT sdk)
