# What the tests of isolated plugins start, and the plugins that misbehave in it.
add_executable(test_plugin_process ${CMAKE_CURRENT_LIST_DIR}/process.cpp)
target_precompile_headers(test_plugin_process REUSE_FROM outpost_foundation_async)
outpost_export_sdk(test_plugin_process)
target_link_libraries(test_plugin_process PRIVATE outpost_delivery_plugin_process)
foreach(test test_delivery_plugin_sdk test_delivery_plugin_process)
    target_compile_definitions(${test} PRIVATE PLUGIN_PROCESS="$<TARGET_FILE:test_plugin_process>"
        PLUGIN_FOLDER="${CMAKE_BINARY_DIR}/plugins" BAD_PLUGIN_FOLDER="${CMAKE_BINARY_DIR}/bad_plugins")
    add_dependencies(${test} test_plugin_process plugin_lmtp plugin_example_file)
endforeach()
target_link_libraries(test_delivery_plugin_sdk PRIVATE outpost_delivery_plugin_process)
add_dependencies(test_delivery_plugin_process bad_plugin_evil bad_plugin_no_entry bad_plugin_other_build bad_plugin_throws)

# The LMTP tests once more, with the plugin in a process of its own.
add_test(NAME unit.delivery.plugin.isolated COMMAND test_delivery_plugin_sdk --source-file=*lmtp_test.cpp)
set_tests_properties(unit.delivery.plugin.isolated PROPERTIES TIMEOUT 300 LABELS unit ENVIRONMENT "OUTPOST_TEST_ISOLATED=1")
