# Writes schema/NNNN_name.sql into a C++ source: cmake -DSCHEMA=<folder> -DOUTPUT=<file> -P embed.cmake
# The program then carries its schema, and no path to it can be wrong.
file(GLOB files ${SCHEMA}/[0-9][0-9][0-9][0-9]_*.sql)
list(SORT files)
set(text "// Written by core/foundation/database/embed.cmake from schema/*.sql.\n#include \"core/foundation/database/embedded_sql.hpp\"\n\n")
string(APPEND text "namespace outpost::db {\n\nconst std::vector<EmbeddedSql>& embedded_sql() {\n")
string(APPEND text "    static const std::vector<EmbeddedSql> all{\n")
foreach(file IN LISTS files)
    get_filename_component(stem ${file} NAME_WE)
    string(REGEX REPLACE "^0*([0-9]+)_(.*)$" "\\1;\\2" parts ${stem})
    list(GET parts 0 version)
    list(GET parts 1 name)
    # As bytes: a compiler limits the length of a string literal, and file(READ) mangles brackets
    # and semicolons in lists.
    file(READ ${file} hex HEX)
    string(REGEX REPLACE "(................................)" "\\1\n" hex "${hex}")
    string(REGEX REPLACE "([0-9a-f][0-9a-f])" "'\\\\x\\1'," bytes "${hex}")
    string(APPEND text "        {${version}, \"${name}\", {${bytes}}},\n")
endforeach()
string(APPEND text "    };\n    return all;\n}\n\n}  // namespace outpost::db\n")
file(WRITE ${OUTPUT} "${text}")
