set(HINDSCALE_IO_SOURCE_FILES
    axis_bounds.cpp canonical_axis.cpp chunk_cache.cpp classic_header.cpp file_kind.cpp given_file.cpp netcdf_file.cpp source.cpp source_dimensions.cpp
    source_file.cpp source_paths.cpp source_time.cpp source_units.cpp source_variable.cpp unpacking.cpp)
