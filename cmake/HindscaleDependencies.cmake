# Third-party libraries as imported targets, with the quirks of distribution packages mended here.
find_package(Threads REQUIRED)
find_package(MPI REQUIRED COMPONENTS C)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(OpenSSL REQUIRED COMPONENTS Crypto)
find_package(Boost REQUIRED COMPONENTS program_options)

# The C++ bindings of MPI are gone from the standard; without this define Open MPI still declares them.
target_compile_definitions(MPI::MPI_C INTERFACE OMPI_SKIP_MPICXX)

include(HindscaleKokkos)
include(HindscaleFileFormats)

find_path(XXHASH_INCLUDE_DIR xxhash.h REQUIRED)
add_library(xxHash::xxHash INTERFACE IMPORTED)
target_include_directories(xxHash::xxHash SYSTEM INTERFACE ${XXHASH_INCLUDE_DIR})

find_package(OpenMP REQUIRED COMPONENTS CXX)
find_package(dnnl 2 REQUIRED CONFIG)
find_package(Torch REQUIRED)
# The LibTorch of a PyTorch installation brings headers of another fmt than the library linked here: ours come first.
find_path(FMT_HEADER_DIR fmt/format.h NO_CMAKE_PREFIX_PATH REQUIRED)
foreach(_folder IN LISTS TORCH_INCLUDE_DIRS)
  if(EXISTS ${_folder}/fmt AND NOT _folder STREQUAL FMT_HEADER_DIR)
    file(MAKE_DIRECTORY ${PROJECT_BINARY_DIR}/first_headers)
    file(CREATE_LINK ${FMT_HEADER_DIR}/fmt ${PROJECT_BINARY_DIR}/first_headers/fmt SYMBOLIC)
    include_directories(BEFORE SYSTEM ${PROJECT_BINARY_DIR}/first_headers)
  endif()
endforeach()
find_path(RANDOM123_INCLUDE_DIR Random123/philox.h REQUIRED)
add_library(Random123::Random123 INTERFACE IMPORTED)
target_include_directories(Random123::Random123 SYSTEM INTERFACE ${RANDOM123_INCLUDE_DIR})

if(HINDSCALE_CUDA)
  set(HINDSCALE_CUDA_ARCHITECTURES native CACHE STRING "GPUs to compile for, as CMAKE_CUDA_ARCHITECTURES names them")
  set(CMAKE_CUDA_STANDARD 17) # Debian's CMake knows of no 20 here
  set(CMAKE_CUDA_STANDARD_REQUIRED ON)
  enable_language(CUDA)
  find_package(CUDAToolkit REQUIRED)
  find_path(NCCL_INCLUDE_DIR nccl.h HINTS ${NCCL_ROOT}/include REQUIRED)
  find_library(NCCL_LIBRARY NAMES nccl libnccl.so.2 HINTS ${NCCL_ROOT}/lib REQUIRED)
  add_library(NCCL::NCCL UNKNOWN IMPORTED)
  set_target_properties(NCCL::NCCL PROPERTIES IMPORTED_LOCATION ${NCCL_LIBRARY}
                        INTERFACE_INCLUDE_DIRECTORIES ${NCCL_INCLUDE_DIR})
endif()
