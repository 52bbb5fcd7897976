// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

namespace outpost::db {

/// A file of the folder schema/: its path there and what is in it.
struct SchemaFile {
    std::string path;
    std::string contents;
};

/// One step: steps/NNNN_name.sql. It runs once in the life of a database.
struct SchemaStep {
    int version = 0;
    std::string name;
    std::string sql;
    std::string checksum;  ///< SHA-256 of the SQL, in hex
};

/// A view, function or trigger: applied again whenever its file has changed. Its name is its path
/// without ".sql": functions/SCHEMA/NAME, views/SCHEMA/NAME, triggers/TABLE/NAME (of a table in
/// outpost_private).
struct SchemaObject {
    std::string name;
    std::string sql;
    std::string checksum;
    /// Other objects that must be there before (a line "-- needs: outpost.queue, ..." at the top of
    /// the file). They cannot be dropped without this one.
    std::vector<std::string> needs;
};

/// What a database should have.
struct Schema {
    std::vector<SchemaStep> steps;      ///< in order of version
    std::vector<SchemaObject> objects;  ///< in the order in which they are applied
    std::vector<SchemaObject> roles;    ///< roles.sql, or nothing: applied after anything else was
    /// The steps of release 0.1 (without SQL), which the steps of `replacing` do the work of.
    std::vector<SchemaStep> squashed;
    std::vector<int> replacing;
};

/// Throws std::invalid_argument when a path is of no known kind, a name under "needs" is that of no
/// object, or objects need each other in a circle.
Schema read_schema(const std::vector<SchemaFile>& files);

/// The folder schema/ as it was when the program was built: written by embed.cmake.
const std::vector<SchemaFile>& embedded_files();

/// The same, read.
const Schema& embedded_schema();

}  // namespace outpost::db
