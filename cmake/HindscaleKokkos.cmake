# Kokkos from its own installation or from Trilinos. Some distributions' target names an include folder that does not
# exist; it is then replaced by the folder that holds Kokkos_Core.hpp.
find_package(Kokkos REQUIRED)
get_target_property(_kokkos_include Kokkos::kokkos INTERFACE_INCLUDE_DIRECTORIES)
set(_kokkos_found FALSE)
foreach(_folder IN LISTS _kokkos_include)
  if(EXISTS "${_folder}/Kokkos_Core.hpp")
    set(_kokkos_found TRUE)
  endif()
endforeach()
find_path(KOKKOS_HEADER_DIR Kokkos_Core.hpp HINTS ${Kokkos_INCLUDE_DIRS} PATH_SUFFIXES trilinos kokkos REQUIRED)
if(NOT _kokkos_found)
  foreach(_target IN ITEMS Kokkos::kokkos Kokkos::kokkoscore Kokkos::kokkoscontainers Kokkos::kokkosalgorithms)
    if(TARGET ${_target})
      set_target_properties(${_target} PROPERTIES INTERFACE_INCLUDE_DIRECTORIES "${KOKKOS_HEADER_DIR}"
                            INTERFACE_SYSTEM_INCLUDE_DIRECTORIES "${KOKKOS_HEADER_DIR}")
    endif()
  endforeach()
endif()
