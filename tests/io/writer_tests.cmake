# Tests of the writers. Other programs that read the files are called where they are installed.
find_program(HINDSCALE_TEST_PYTHON NAMES python3 PATHS /usr/bin NO_DEFAULT_PATH)
hindscale_test(io_writer_test SOURCES field_file_test.cpp field_file_failure_test.cpp tensor_archive_test.cpp LINK hindscale_io)
target_compile_definitions(io_writer_test PRIVATE HINDSCALE_TEST_PYTHON="${HINDSCALE_TEST_PYTHON}"
                           HINDSCALE_TEST_SCRIPTS="${CMAKE_CURRENT_SOURCE_DIR}")
hindscale_test(io_store_mpi_test SOURCES sample_store_test.cpp LINK hindscale_io RANKS 1 2 3 4)
