# Writes schema/today.sql anew, after the schema has changed.
add_custom_target(today_sql
    COMMAND ${CMAKE_COMMAND} -E env OUTPOST_WRITE_TODAY=${CMAKE_SOURCE_DIR}/schema/today.sql
            $<TARGET_FILE:test_foundation_database> "--test-case=schema/today.sql*"
    VERBATIM)
