// SPDX-License-Identifier: Apache-2.0
#include "chunk_cache.hpp"

#include <netcdf.h>

#include <vector>

namespace hindscale {
namespace {

/// Bytes of the chunks that one record touches; 0 where the variable has none.
int record_bytes(int file, int variable, std::size_t record, std::size_t& bytes) {
  bytes = 0;
  int rank = 0, storage = NC_CONTIGUOUS;
  if (const int status = nc_inq_varndims(file, variable, &rank); status != NC_NOERR) return status;
  std::vector<std::size_t> chunk(static_cast<std::size_t>(rank));
  std::vector<int> dimensions(chunk.size());
  if (nc_inq_var_chunking(file, variable, &storage, chunk.data()) != NC_NOERR ||
      storage != NC_CHUNKED)
    return NC_NOERR;
  nc_type type = NC_NAT;
  if (const int status =
          nc_inq_var(file, variable, nullptr, &type, nullptr, dimensions.data(), nullptr);
      status != NC_NOERR)
    return status;
  if (const int status = nc_inq_type(file, type, nullptr, &bytes); status != NC_NOERR)
    return status;
  for (std::size_t i = 0; i < chunk.size(); ++i) {
    std::size_t length = 1;
    if (i != record) {
      if (const int status = nc_inq_dimlen(file, dimensions[i], &length); status != NC_NOERR)
        return status;
    }
    bytes *= (length + chunk[i] - 1) / chunk[i] * chunk[i];
  }
  return NC_NOERR;
}

}  // namespace

int limit_chunk_cache(int file, int variable, std::size_t record) {
  std::size_t needed = 0, present = 0, slots = 0;
  float preemption = 0;
  if (const int status = record_bytes(file, variable, record, needed);
      status != NC_NOERR || needed == 0)
    return status;
  if (const int status = nc_get_var_chunk_cache(file, variable, &present, &slots, &preemption);
      status != NC_NOERR)
    return status;
  return needed < present ? nc_set_var_chunk_cache(file, variable, needed, slots, preemption)
                          : NC_NOERR;
}

}  // namespace hindscale
