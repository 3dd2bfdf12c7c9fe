// SPDX-License-Identifier: Apache-2.0
// Parallel writing of the sample store.
#include "hindscale/io/sample_store.hpp"

#include <cerrno>
#include <cstring>
#include <functional>
#include <map>
#include <numeric>
#include <type_traits>
#include <utility>

#include "hdf5_handle.hpp"
#include "hindscale/core/commit.hpp"
#include "hindscale/core/error.hpp"
#include "written_blocks.hpp"

namespace hindscale {
namespace fs = std::filesystem;

namespace {

using Extents = std::vector<std::size_t>;

std::size_t count_values(const Extents& count) {
  return std::accumulate(count.begin(), count.end(), std::size_t{1}, std::multiplies<>{});
}

std::vector<hsize_t> extents_of(const Extents& shape) {
  return {shape.begin(), shape.end()};
}

}  // namespace

struct StoreWriter::Impl {
  Impl(const Communicator& ranks, const fs::path& name) : comm(ranks), path(name) {}
  const Communicator& comm;
  fs::path path;
  Hdf5Handle file;
  Hdf5Handle collective;  ///< transfer property list
  std::map<std::string, Hdf5Handle> datasets;
  std::map<std::string, Hdf5Handle> groups;
  WrittenBlocks written;  ///< by this rank

  [[noreturn]] void fail(const std::string& problem) const {
    // MPI says no more than "input/output error"; the system's own reason is still in errno.
    const std::string system = errno == 0 ? "" : std::string(", ") + std::strerror(errno);
    throw SystemError(
        {.problem = problem, .value = part_path(path).string(), .why = hdf5_reason() + system});
  }
  void check(herr_t status) const {
    if (status < 0) fail("cannot write");
  }
  Hdf5Handle own(hid_t identifier, Hdf5Handle::Close closer) const {
    if (identifier < 0) fail("cannot write");
    return {identifier, closer};
  }
  void open();
  void create_groups(const std::string& name);
  void create(const std::string& name, hid_t type, const Extents& shape, Layout layout);
  [[nodiscard]] Extents shape_of(const std::string& name) const;
  /// The block [start, start + count) in the file and in memory; nothing where it is empty.
  [[nodiscard]] std::pair<Hdf5Handle, Hdf5Handle> spaces_of(const std::string& name,
                                                            const Extents& start,
                                                            const Extents& count) const;
  template <class T>
  void transfer(const std::string& name, const Extents& start, const Extents& count,
                std::span<const T> values);
  void write_attribute(const std::string& attribute, const std::string& text);
  void write_sentinel();
  void close();
};

void StoreWriter::Impl::open() {
  silence_hdf5();
  errno = 0;
  const Hdf5Handle access = own(H5Pcreate(H5P_FILE_ACCESS), H5Pclose);
  check(H5Pset_fapl_mpio(access.get(), comm.native(), MPI_INFO_NULL));
  const Hdf5Handle creation = own(H5Pcreate(H5P_FILE_CREATE), H5Pclose);
  check(H5Pset_obj_track_times(creation.get(), false));
  file = {H5Fcreate(part_path(path).c_str(), H5F_ACC_TRUNC, creation.get(), access.get()),
          H5Fclose};
  if (!file.valid()) fail("cannot create");
  collective = own(H5Pcreate(H5P_DATASET_XFER), H5Pclose);
  check(H5Pset_dxpl_mpio(collective.get(), H5FD_MPIO_COLLECTIVE));
}

void StoreWriter::Impl::create_groups(const std::string& name) {
  for (std::size_t end = name.find('/'); end != std::string::npos; end = name.find('/', end + 1)) {
    const std::string group = name.substr(0, end);
    if (groups.contains(group)) continue;
    const Hdf5Handle creation = own(H5Pcreate(H5P_GROUP_CREATE), H5Pclose);
    check(H5Pset_obj_track_times(creation.get(), false));
    groups[group] = own(
        H5Gcreate2(file.get(), group.c_str(), H5P_DEFAULT, creation.get(), H5P_DEFAULT), H5Gclose);
  }
}

void StoreWriter::Impl::create(const std::string& name, hid_t type, const Extents& shape,
                               Layout layout) {
  HINDSCALE_ASSERT(!shape.empty() && !datasets.contains(name));
  create_groups(name);
  std::vector<hsize_t> extents = extents_of(shape);
  const auto rank = static_cast<int>(extents.size());
  const Hdf5Handle space = own(H5Screate_simple(rank, extents.data(), nullptr), H5Sclose);
  const Hdf5Handle creation = own(H5Pcreate(H5P_DATASET_CREATE), H5Pclose);
  check(H5Pset_obj_track_times(creation.get(), false));
  check(H5Pset_alloc_time(creation.get(), H5D_ALLOC_TIME_EARLY));
  check(H5Pset_fill_time(creation.get(), H5D_FILL_TIME_NEVER));
  if (layout == Layout::chunk_per_item) {
    extents[0] = 1;
    check(H5Pset_chunk(creation.get(), static_cast<int>(extents.size()), extents.data()));
  }
  datasets[name] = own(H5Dcreate2(file.get(), name.c_str(), type, space.get(), H5P_DEFAULT,
                                  creation.get(), H5P_DEFAULT),
                       H5Dclose);
}

std::vector<std::size_t> StoreWriter::Impl::shape_of(const std::string& name) const {
  HINDSCALE_ASSERT(datasets.contains(name));
  const Hdf5Handle space = own(H5Dget_space(datasets.at(name).get()), H5Sclose);
  std::vector<hsize_t> extents(static_cast<std::size_t>(H5Sget_simple_extent_ndims(space.get())));
  check(H5Sget_simple_extent_dims(space.get(), extents.data(), nullptr));
  return {extents.begin(), extents.end()};
}

std::pair<Hdf5Handle, Hdf5Handle> StoreWriter::Impl::spaces_of(const std::string& name,
                                                               const Extents& start,
                                                               const Extents& count) const {
  const Extents shape = shape_of(name);
  HINDSCALE_ASSERT(start.size() == shape.size() && count.size() == shape.size());
  const bool empty = count_values(count) == 0;
  for (std::size_t a = 0; a < shape.size() && !empty; ++a)
    HINDSCALE_ASSERT(start[a] + count[a] <= shape[a]);
  const std::vector<hsize_t> first = extents_of(start), extents = extents_of(count);
  Hdf5Handle file_space = own(H5Dget_space(datasets.at(name).get()), H5Sclose);
  Hdf5Handle memory_space =
      own(H5Screate_simple(static_cast<int>(extents.size()), extents.data(), nullptr), H5Sclose);
  if (empty) {
    check(H5Sselect_none(file_space.get()));
    check(H5Sselect_none(memory_space.get()));
  } else {
    check(H5Sselect_hyperslab(file_space.get(), H5S_SELECT_SET, first.data(), nullptr,
                              extents.data(), nullptr));
  }
  return {std::move(file_space), std::move(memory_space)};
}

/// Collective; a rank with an empty block takes part all the same.
template <class T>
void StoreWriter::Impl::transfer(const std::string& name, const Extents& start,
                                 const Extents& count, std::span<const T> values) {
  HINDSCALE_ASSERT(values.size() == count_values(count));
  const auto [file_space, memory_space] = spaces_of(name, start, count);
  errno = 0;
  const hid_t type = std::is_same_v<T, float> ? H5T_NATIVE_FLOAT : H5T_NATIVE_DOUBLE;
  check(H5Dwrite(datasets.at(name).get(), type, memory_space.get(), file_space.get(),
                 collective.get(), values.data()));
  written.add({name, start, count}, values);
}

void StoreWriter::Impl::write_attribute(const std::string& attribute, const std::string& text) {
  const Hdf5Handle type = own(H5Tcopy(H5T_C_S1), H5Tclose);
  check(H5Tset_size(type.get(), text.size() + 1));
  check(H5Tset_cset(type.get(), H5T_CSET_UTF8));
  const Hdf5Handle space = own(H5Screate(H5S_SCALAR), H5Sclose);
  const Hdf5Handle created = own(
      H5Acreate2(file.get(), attribute.c_str(), type.get(), space.get(), H5P_DEFAULT, H5P_DEFAULT),
      H5Aclose);
  check(H5Awrite(created.get(), type.get(), text.c_str()));
}

void StoreWriter::Impl::write_sentinel() {
  const Hdf5Handle space = own(H5Screate(H5S_SCALAR), H5Sclose);
  const Hdf5Handle attribute =
      own(H5Acreate2(file.get(), "complete", H5T_STD_I32LE, space.get(), H5P_DEFAULT, H5P_DEFAULT),
          H5Aclose);
  const int complete = 1;
  check(H5Awrite(attribute.get(), H5T_NATIVE_INT, &complete));
}

void StoreWriter::Impl::close() {
  for (auto& [name, dataset] : datasets) check(dataset.reset());
  for (auto& [name, group] : groups) check(group.reset());
  check(file.reset());
}

StoreWriter::StoreWriter(const Communicator& comm, const fs::path& path)
    : impl_(std::make_unique<Impl>(comm, path)) {
  together(comm, [&] {
    std::error_code ignored;
    if (comm.is_root()) fs::remove(part_path(path), ignored);  // a left-over must not shine through
  });
  impl_->open();
}

StoreWriter::~StoreWriter() {
  // Closing a parallel file is collective, and hangs after a failed write or where other ranks went
  // another way. A writer that is given up therefore leaves its file open until MPI ends.
  for (auto& [name, dataset] : impl_->datasets) dataset.abandon();
  for (auto& [name, group] : impl_->groups) group.abandon();
  impl_->file.abandon();
}

// Collective HDF5 calls are not wrapped in `together`: where one fails on some ranks only, the
// others still wait inside it, and the failed ones have to end the job instead of waiting for them.

void StoreWriter::create(const std::string& name, const std::vector<std::size_t>& shape,
                         Layout layout) {
  impl_->create(name, H5T_IEEE_F32LE, shape, layout);
}

void StoreWriter::write(const std::string& name, std::size_t first, std::size_t n,
                        std::span<const float> values) {
  Extents count = impl_->shape_of(name), start(count.size(), 0);
  start[0] = first;
  count[0] = n;
  write_slab(name, start, count, values);
}

void StoreWriter::write_slab(const std::string& name, const std::vector<std::size_t>& start,
                             const std::vector<std::size_t>& count, std::span<const float> values) {
  impl_->transfer(name, start, count, values);
}

void StoreWriter::read_slab(const std::string& name, const std::vector<std::size_t>& start,
                            const std::vector<std::size_t>& count, std::span<float> values) const {
  HINDSCALE_ASSERT(values.size() == count_values(count));
  if (values.empty()) return;
  const auto [file_space, memory_space] = impl_->spaces_of(name, start, count);
  if (H5Dread(impl_->datasets.at(name).get(), H5T_NATIVE_FLOAT, memory_space.get(),
              file_space.get(), H5P_DEFAULT, values.data()) < 0) {
    impl_->fail("cannot read back");
  }
}

void StoreWriter::flush() {
  impl_->check(H5Fflush(impl_->file.get(), H5F_SCOPE_GLOBAL));
  barrier(impl_->comm);
}

void StoreWriter::write_whole(const std::string& name, const std::vector<std::size_t>& shape,
                              std::span<const double> values) {
  impl_->create(name, H5T_IEEE_F64LE, shape, Layout::contiguous);
  const bool writes = impl_->comm.is_root();
  Extents count = shape;
  if (!writes) count[0] = 0;
  impl_->transfer(name, Extents(shape.size(), 0), count, writes ? values : values.first(0));
}

void StoreWriter::write_text(const std::string& attribute, const std::string& text) {
  for (std::size_t piece = 0; piece == 0 || piece * text_piece < text.size(); ++piece)
    impl_->write_attribute(text_piece_name(attribute, piece),
                           text.substr(piece * text_piece, text_piece));
}

void StoreWriter::commit() {
  errno = 0;
  impl_->check(H5Fflush(impl_->file.get(), H5F_SCOPE_GLOBAL));
  impl_->write_sentinel();
  impl_->close();
  together(impl_->comm, [&] { impl_->written.require_in(part_path(impl_->path)); });
  together(impl_->comm, [&] {
    if (impl_->comm.is_root())
      commit_file(impl_->path, [](const fs::path& part) { StoreReader check(part); });
  });
}

}  // namespace hindscale
