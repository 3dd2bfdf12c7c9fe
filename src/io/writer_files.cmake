# Writers of CF files, the sample store and the tensor archive.
set(HINDSCALE_IO_WRITER_FILES
    field_plan.cpp
    field_cdf5.cpp
    field_netcdf4.cpp
    field_file.cpp
    field_reader.cpp
    hdf5_handle.cpp
    sample_store.cpp
    written_blocks.cpp
    store_reader.cpp
    tensor_archive.cpp)
