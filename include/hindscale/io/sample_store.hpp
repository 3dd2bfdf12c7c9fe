// SPDX-License-Identifier: Apache-2.0
// The HDF5 store of samples: fine and coarse fields, statics, baselines.
#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "hindscale/comm/communicator.hpp"
#include "hindscale/core/array.hpp"

namespace hindscale {

/// A parallel HDF5 file of named float32/float64 arrays and text attributes. Datasets keep no
/// times, allocate early and are written collectively, one chunk a leading index, so that equal
/// content means equal bytes for any number of ranks. Creation writes "<path>.part"; `commit`
/// verifies (each rank re-reads what it wrote) and renames. Every member function is collective;
/// keeps a reference to the communicator. SystemError with path and reason on any failed call.
/// While writing it may be thrown on some ranks only, the others then wait inside HDF5: let it
/// reach main and end there by `abort_job`, never agree on it (`together`) and never go on to
/// MPI_Finalize, where HDF5 crashes or hangs over a file that it could not flush. The destructor is
/// not collective; without `commit` it leaves the part open until MPI ends.
class StoreWriter {
 public:
  StoreWriter(const Communicator& comm, const std::filesystem::path& path);
  ~StoreWriter();
  /// Creates dataset `name` (groups by '/') of this shape; chunk = one index of the first axis
  /// where `chunked`.
  enum class Layout { contiguous, chunk_per_item };
  void create(const std::string& name, const std::vector<std::size_t>& shape, Layout layout);
  /// Writes items [first, first + n) of the first axis; n may differ between ranks and may be zero.
  void write(const std::string& name, std::size_t first, std::size_t n,
             std::span<const float> values);
  /// A block of any place and size (zero counts allowed), e.g. a band of rows; `start` and `count`
  /// have one entry an axis.
  void write_slab(const std::string& name, const std::vector<std::size_t>& start,
                  const std::vector<std::size_t>& count, std::span<const float> values);
  /// Reads a block that any rank wrote before; not collective, but `flush` (collective) must lie
  /// between.
  void read_slab(const std::string& name, const std::vector<std::size_t>& start,
                 const std::vector<std::size_t>& count, std::span<float> values) const;
  void flush();
  /// A whole small float64 array, equal on all ranks.
  void write_whole(const std::string& name, const std::vector<std::size_t>& shape,
                   std::span<const double> values);
  /// A text attribute of the file, of any length.
  void write_text(const std::string& attribute, const std::string& text);
  /// Once, at the end.
  void commit();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Read access, independent on each rank. InputError where the file is missing, damaged or not a
/// complete store.
class StoreReader {
 public:
  explicit StoreReader(const std::filesystem::path& path);
  ~StoreReader();
  StoreReader(StoreReader&&) noexcept;
  [[nodiscard]] bool has(const std::string& name) const;
  [[nodiscard]] std::vector<std::size_t> shape(const std::string& name) const;
  /// Items [first, first + n) of the first axis of a float32 dataset.
  void read(const std::string& name, std::size_t first, std::size_t n,
            std::span<float> values) const;
  /// A block of any place and size.
  void read_slab(const std::string& name, const std::vector<std::size_t>& start,
                 const std::vector<std::size_t>& count, std::span<float> values) const;
  [[nodiscard]] std::vector<double> read_whole(const std::string& name) const;
  [[nodiscard]] std::string text(const std::string& attribute) const;
  [[nodiscard]] std::vector<std::string> names() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace hindscale
