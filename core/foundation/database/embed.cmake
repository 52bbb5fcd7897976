# Writes the files of schema/ into a C++ source:
# cmake -DSCHEMA=<folder> -DOUTPUT=<file> -DFILES=<a;list> -P embed.cmake
# The program then carries its schema, and no path to it can be wrong.
set(text "// Written by core/foundation/database/embed.cmake from the folder schema/.\n")
string(APPEND text "#include \"core/foundation/database/schema.hpp\"\n\nnamespace outpost::db {\n\n")
string(APPEND text "const std::vector<SchemaFile>& embedded_files() {\n")
string(APPEND text "    static const std::vector<SchemaFile> all{\n")
foreach(file IN LISTS FILES)
    file(READ ${SCHEMA}/${file} contents)
    string(APPEND text "{\"${file}\", R\"~file~(${contents})~file~\"},\n")
endforeach()
string(APPEND text "    };\n    return all;\n}\n\n}  // namespace outpost::db\n")
file(WRITE ${OUTPUT} "${text}")
