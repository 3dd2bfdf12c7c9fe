// SPDX-License-Identifier: Apache-2.0
// Memory that NetCDF-4 keeps for the chunks of an open variable.
#pragma once

#include <cstddef>

namespace hindscale {

/// Lowers the chunk cache of a variable of an open file to the chunks that one record of it
/// touches, one index along dimension `record` of its dimensions: fields are read and written
/// record by record, and what else the library would keep (16 MiB a variable) adds up where a
/// hundred files are open. Does nothing for files without chunks. Returns the status of the
/// library; call it holding its lock.
int limit_chunk_cache(int file, int variable, std::size_t record);

}  // namespace hindscale
