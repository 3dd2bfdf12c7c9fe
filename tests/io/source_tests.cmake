# The tests of sources make their files with the system's Python, whatever other Python comes first on the path, and read
# the real data that the set-up installs.
find_program(HINDSCALE_TEST_PYTHON NAMES python3 PATHS /usr/bin NO_DEFAULT_PATH)
find_program(HINDSCALE_TEST_PYTHON NAMES python3 REQUIRED)
find_path(HINDSCALE_REAL_DATA NAMES monthly_navy_winds.cdf PATHS /usr /usr/local PATH_SUFFIXES share/ferret-vis/data REQUIRED)
hindscale_test(io_source_test
               SOURCES canonical_axis_test.cpp chunk_cache_test.cpp source_fixtures.cpp source_axes_test.cpp source_values_test.cpp
                       source_time_test.cpp source_refusal_test.cpp source_real_test.cpp
                       given_file_test.cpp
               LINK hindscale_io nlohmann_json::nlohmann_json)
target_compile_definitions(io_source_test PRIVATE HINDSCALE_TEST_PYTHON="${HINDSCALE_TEST_PYTHON}"
                           HINDSCALE_REAL_DATA="${HINDSCALE_REAL_DATA}")
target_include_directories(io_source_test PRIVATE ${PROJECT_SOURCE_DIR}/src/io)
