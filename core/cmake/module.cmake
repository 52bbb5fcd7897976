# outpost_module(dependency...): a static library of the .cpp files in the current folder.
#
# A dependency is a folder, named from core/ ("net/tls") or from the root ("policies"), or a third-party
# target. The library is named after its own folder: core/net/tls is outpost_net_tls. It sees the headers
# of its folder and of those that it depends on, directly or through another: every folder shows itself
# in a view of its own (build/views/TARGET), so that nothing else is on the include path.
function(outpost_module)
    outpost_module_name(${CMAKE_CURRENT_SOURCE_DIR} name)
    outpost_dependencies(dependencies ${ARGN})
    if(OUTPOST_MODULE_RECURSES)
        file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp)
    else()
        file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp)
    endif()
    if(sources)
        add_library(${name} STATIC ${sources})
        set(visibility PUBLIC)
        if(NOT name MATCHES "^outpost_foundation_(async|base)$")
            target_precompile_headers(${name} REUSE_FROM outpost_foundation_async)
        endif()
    else()
        add_library(${name} INTERFACE)
        set(visibility INTERFACE)
    endif()
    file(RELATIVE_PATH folder ${CMAKE_SOURCE_DIR} ${CMAKE_CURRENT_SOURCE_DIR})
    outpost_view(view ${name} ${folder})
    target_include_directories(${name} ${visibility} ${view})
    target_link_libraries(${name} ${visibility} outpost_flags outpost_asio fmt::fmt ${dependencies})
    set_property(GLOBAL APPEND PROPERTY OUTPOST_MODULES ${name})
endfunction()

# The target of a folder.
function(outpost_module_name folder out)
    file(RELATIVE_PATH name ${CMAKE_SOURCE_DIR} ${folder})
    string(REGEX REPLACE "^core/" "" name ${name})
    string(REPLACE "/" "_" name ${name})
    set(${out} outpost_${name} PARENT_SCOPE)
endfunction()

# Folders among the arguments become targets; what is none stays as it is.
function(outpost_dependencies out)
    set(found)
    foreach(dependency IN LISTS ARGN)
        foreach(root ${CMAKE_SOURCE_DIR}/core ${CMAKE_SOURCE_DIR})
            if(EXISTS ${root}/${dependency}/CMakeLists.txt)
                outpost_module_name(${root}/${dependency} dependency)
                break()
            endif()
        endforeach()
        list(APPEND found ${dependency})
    endforeach()
    set(${out} ${found} PARENT_SCOPE)
endfunction()

# An include directory that shows one folder of the source tree, at its own path, and no other.
function(outpost_view out name folder)
    set(view ${CMAKE_BINARY_DIR}/views/${name})
    get_filename_component(parent ${view}/${folder} DIRECTORY)
    file(MAKE_DIRECTORY ${parent})
    file(CREATE_LINK ${CMAKE_SOURCE_DIR}/${folder} ${view}/${folder} SYMBOLIC)
    set(${out} ${view} PARENT_SCOPE)
endfunction()
