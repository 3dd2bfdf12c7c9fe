# Warnings, module libraries and tests in one form for the whole tree.
add_library(hindscale_build_flags INTERFACE)
target_include_directories(hindscale_build_flags INTERFACE ${PROJECT_SOURCE_DIR}/include)
set(_warnings -Wall -Wextra -Wpedantic -Wshadow -ffp-contract=off)
if(HINDSCALE_WARNINGS_AS_ERRORS)
  list(APPEND _warnings -Werror)
endif()
target_compile_options(hindscale_build_flags INTERFACE "$<$<COMPILE_LANGUAGE:CXX>:${_warnings}>")
if(HINDSCALE_WARNINGS_AS_ERRORS)
  target_compile_options(hindscale_build_flags INTERFACE "$<$<COMPILE_LANGUAGE:CUDA>:-Xcompiler=-Wall,-Wextra;-Werror=all-warnings>")
endif()
target_compile_definitions(hindscale_build_flags INTERFACE HINDSCALE_VERSION="${PROJECT_VERSION}")
if(HINDSCALE_CUDA)
  target_compile_definitions(hindscale_build_flags INTERFACE HINDSCALE_WITH_CUDA)
endif()

# hindscale_module(NAME SOURCES a.cpp ... [LINK targets]): the static library hindscale_NAME of src/NAME.
function(hindscale_module name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINK" ${ARGN})
  add_library(hindscale_${name} STATIC ${ARG_SOURCES})
  target_link_libraries(hindscale_${name} PUBLIC ${ARG_LINK} PRIVATE hindscale_build_flags)
  target_include_directories(hindscale_${name} PUBLIC ${PROJECT_SOURCE_DIR}/include)
endfunction()

# hindscale_joined(TARGET): compiles its sources in groups. Templates that LibTorch's headers leave open are made in every
# source for itself, which takes seconds in each. Names in unnamed namespaces have to differ within a target.
function(hindscale_joined target)
  set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 6)
endfunction()

# hindscale_precompiled(MODULE TARGET...): targets that compile with the precompiled header of a module.
function(hindscale_precompiled module)
  foreach(target IN LISTS ARGN)
    target_precompile_headers(${target} REUSE_FROM hindscale_${module})
    hindscale_joined(${target})
  endforeach()
endfunction()

# hindscale_torch_module(NAME ... PRECOMPILE <a.h> ... | PRECOMPILED_AS module): a module with LibTorch. Its headers take
# longer than most sources: those named are compiled once. model's hold all of torch/torch.h, which takes seconds to load;
# sampler's hold what Hindscale's headers name of it, for the many sources that need no more.
function(hindscale_torch_module name)
  cmake_parse_arguments(ARG "" "PRECOMPILED_AS" "PRECOMPILE;SOURCES;LINK" ${ARGN})
  hindscale_module(${name} SOURCES ${ARG_SOURCES} LINK ${ARG_LINK})
  target_link_libraries(hindscale_${name} PUBLIC hindscale_torch)
  if(ARG_PRECOMPILED_AS)
    hindscale_precompiled(${ARG_PRECOMPILED_AS} hindscale_${name})
  else()
    target_precompile_headers(hindscale_${name} PRIVATE ${ARG_PRECOMPILE})
    hindscale_joined(hindscale_${name})
  endif()
endfunction()

add_library(hindscale_torch INTERFACE)
target_link_libraries(hindscale_torch INTERFACE ${TORCH_LIBRARIES})
target_include_directories(hindscale_torch SYSTEM INTERFACE ${TORCH_INCLUDE_DIRS})

# hindscale_test(NAME SOURCES a_test.cpp ... LINK targets [RANKS 1 2 3 4] [TIMEOUT s]): one GoogleTest program,
# run once without a launcher or once under mpirun for each number of ranks.
function(hindscale_test name)
  cmake_parse_arguments(ARG "" "TIMEOUT" "SOURCES;LINK;RANKS" ${ARGN})
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 120)
  endif()
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE ${ARG_LINK} hindscale_test_main GTest::gmock hindscale_build_flags)
  target_compile_definitions(${name} PRIVATE HINDSCALE_TEST_REFERENCE="${PROJECT_SOURCE_DIR}/tests/reference")
  if(NOT ARG_RANKS)
    add_test(NAME ${name} COMMAND ${name})
    set_tests_properties(${name} PROPERTIES TIMEOUT ${ARG_TIMEOUT})
  endif()
  foreach(ranks IN LISTS ARG_RANKS)
    set(test_name ${name}_ranks_${ranks})
    add_test(NAME ${test_name} COMMAND ${MPIEXEC_EXECUTABLE} --allow-run-as-root --oversubscribe -n ${ranks}
             $<TARGET_FILE:${name}>)
    set_tests_properties(${test_name} PROPERTIES TIMEOUT ${ARG_TIMEOUT} PROCESSORS 2)
  endforeach()
endfunction()

# hindscale_test_avx2(NAME FILTER): those tests of a program once more as on a processor without AVX-512, where large maps are reordered.
function(hindscale_test_avx2 name filter)
  add_test(NAME ${name}_avx2 COMMAND ${name} --gtest_filter=${filter})
  set_tests_properties(${name}_avx2 PROPERTIES TIMEOUT 120 ENVIRONMENT ONEDNN_MAX_CPU_ISA=AVX2)
endfunction()
