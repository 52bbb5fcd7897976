# What the plugin tests load: the plugins of this tree, and some that must be refused.
outpost_export_sdk(test_delivery_plugin_sdk)
foreach(name other_build other_version no_entry throws evil)
    add_library(bad_plugin_${name} MODULE ${CMAKE_CURRENT_LIST_DIR}/bad/${name}.cpp)
    set_target_properties(bad_plugin_${name} PROPERTIES PREFIX "" OUTPUT_NAME ${name}
        LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bad_plugins)
    target_include_directories(bad_plugin_${name} PRIVATE ${CMAKE_SOURCE_DIR} ${CMAKE_BINARY_DIR}/generated)
    target_link_libraries(bad_plugin_${name} PRIVATE outpost_asio fmt::fmt)
    add_dependencies(bad_plugin_${name} outpost_sdk_hash)
    add_dependencies(test_delivery_plugin_sdk bad_plugin_${name})
endforeach()
add_dependencies(test_delivery_plugin_sdk plugin_lmtp plugin_example_file)
target_compile_definitions(test_delivery_plugin_sdk PRIVATE
    PLUGIN_FOLDER="${CMAKE_BINARY_DIR}/plugins" BAD_PLUGIN_FOLDER="${CMAKE_BINARY_DIR}/bad_plugins")

# A plugin built as others would: from an installed SDK, by its own CMake project.
add_test(NAME sdk.install_and_build
    COMMAND ${CMAKE_COMMAND} -DBUILD=${CMAKE_BINARY_DIR} -DSOURCE=${CMAKE_SOURCE_DIR}
        -DCOMPILER=${CMAKE_CXX_COMPILER} -P ${CMAKE_CURRENT_LIST_DIR}/build_from_sdk.cmake)
set_tests_properties(sdk.install_and_build PROPERTIES TIMEOUT 300 LABELS sdk)
