# short_memory(TARGET): its allocations, and those of the layers that it links, go through short_memory.c.
set(SHORT_MEMORY_FOLDER ${CMAKE_CURRENT_LIST_DIR})
function(short_memory target)
  target_sources(${target} PRIVATE ${SHORT_MEMORY_FOLDER}/short_memory.c)
  target_include_directories(${target} PRIVATE ${SHORT_MEMORY_FOLDER})
  foreach(name malloc calloc realloc reallocarray strdup strndup)
    target_link_options(${target} PRIVATE -Wl,--wrap=${name})
  endforeach()
endfunction()
