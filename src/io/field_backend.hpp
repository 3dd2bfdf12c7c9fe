// SPDX-License-Identifier: Apache-2.0
// The two libraries behind FieldFile.
#pragma once

#include <array>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>

#include "field_plan.hpp"
#include "hindscale/comm/communicator.hpp"

namespace hindscale {

/// Owns an open file whose header and fixed content are written. SystemError with path and reason
/// from any member; the destructor gives the file up without a word.
class FieldBackend {
 public:
  virtual ~FieldBackend() = default;
  struct Time {
    double middle_days;
    std::array<double, 2> bounds_days;
  };
  virtual void write_record(std::size_t i_record, const Time& time,
                            std::span<const float> values) = 0;
  /// Flushes the data, sets the sentinel and closes.
  virtual void finish() = 0;
};

/// A CDF-5 file through PnetCDF; all ranks of `comm` would have to call every member, but a file
/// has one writer.
std::unique_ptr<FieldBackend> create_cdf5(const Communicator& comm,
                                          const std::filesystem::path& path, const FilePlan& plan);

struct Compression {
  int deflate_level = 0;
  int keep_bits = 0;
};
/// A NetCDF-4 file of the classic model, with a checksum on every record of the data variable.
std::unique_ptr<FieldBackend> create_netcdf4(const std::filesystem::path& path,
                                             const FilePlan& plan, const Compression& compression);
}  // namespace hindscale
