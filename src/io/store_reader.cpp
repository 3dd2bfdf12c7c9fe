// SPDX-License-Identifier: Apache-2.0
// Independent reading of the sample store.
#include <map>
#include <utility>

#include "hdf5_handle.hpp"
#include "hindscale/core/error.hpp"
#include "hindscale/io/sample_store.hpp"
#include "library_locks.hpp"

namespace hindscale {
struct StoreReader::Impl {
  explicit Impl(const std::filesystem::path& name) : path(name) {}

  std::filesystem::path path;
  Hdf5Handle file;
  std::map<std::string, Hdf5Handle> datasets;
  std::map<std::string, std::vector<std::size_t>> shapes;

  [[noreturn]] void refuse(const std::string& why) const {
    const bool locked = why.find("lock") != std::string::npos;
    throw InputError(
        {.problem = "not a complete sample store",
         .value = path.string(),
         .why = why,
         .advice = locked ? "another process writes it, or the file system has no locks: then set "
                            "HDF5_USE_FILE_LOCKING=FALSE"
                          : "run the stage prepare again"});
  }
  void check(herr_t status) const {
    if (status < 0) refuse(hdf5_reason());
  }
  Hdf5Handle own(hid_t identifier, Hdf5Handle::Close close) const {
    if (identifier < 0) refuse(hdf5_reason());
    return {identifier, close};
  }
  [[nodiscard]] hid_t dataset(const std::string& name) const {
    const auto found = datasets.find(name);
    if (found == datasets.end()) refuse("it has no dataset " + name);
    return found->second.get();
  }
  void open();
  [[nodiscard]] std::string attribute_text(const std::string& attribute) const;
  void open_dataset(const std::string& name);
};

namespace {

/// Collects the paths of all datasets.
herr_t visit(hid_t /*file*/, const char* name, const H5O_info_t* info, void* names) {
  if (info->type == H5O_TYPE_DATASET)
    static_cast<std::vector<std::string>*>(names)->emplace_back(name);
  return 0;
}

}  // namespace

void StoreReader::Impl::open() {
  silence_hdf5();
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) {
    refuse(error ? error.message() : "it is not a regular file");
  }
  file = own(H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT), H5Fclose);
  if (H5Aexists(file.get(), "complete") <= 0) refuse("its writer was interrupted");
  const Hdf5Handle attribute = own(H5Aopen(file.get(), "complete", H5P_DEFAULT), H5Aclose);
  int complete = 0;
  check(H5Aread(attribute.get(), H5T_NATIVE_INT, &complete));
  if (complete != 1) refuse("its writer was interrupted");
  std::vector<std::string> names;
  check(H5Ovisit2(file.get(), H5_INDEX_NAME, H5_ITER_INC, visit, &names, H5O_INFO_BASIC));
  for (const std::string& name : names) open_dataset(name);
}

void StoreReader::Impl::open_dataset(const std::string& name) {
  Hdf5Handle dataset = own(H5Dopen2(file.get(), name.c_str(), H5P_DEFAULT), H5Dclose);
  const Hdf5Handle space = own(H5Dget_space(dataset.get()), H5Sclose);
  const int rank = H5Sget_simple_extent_ndims(space.get());
  if (rank < 1) refuse("the dataset " + name + " is not an array");
  std::vector<hsize_t> extents(static_cast<std::size_t>(rank));
  check(H5Sget_simple_extent_dims(space.get(), extents.data(), nullptr));
  shapes[name].assign(extents.begin(), extents.end());
  datasets[name] = std::move(dataset);
}

StoreReader::StoreReader(const std::filesystem::path& path) : impl_(std::make_unique<Impl>(path)) {
  const auto alone = alone_in_netcdf();
  impl_->open();
}
StoreReader::~StoreReader() {
  const auto alone = alone_in_netcdf();
  impl_.reset();
}
StoreReader::StoreReader(StoreReader&&) noexcept = default;

bool StoreReader::has(const std::string& name) const {
  return impl_->datasets.contains(name);
}

std::vector<std::size_t> StoreReader::shape(const std::string& name) const {
  static_cast<void>(impl_->dataset(name));  // refuses a name that is not there
  return impl_->shapes.at(name);
}

void StoreReader::read(const std::string& name, std::size_t first, std::size_t n,
                       std::span<float> values) const {
  std::vector<std::size_t> count = shape(name), start(count.size(), 0);
  start[0] = first;
  count[0] = n;
  read_slab(name, start, count, values);
}

void StoreReader::read_slab(const std::string& name, const std::vector<std::size_t>& start,
                            const std::vector<std::size_t>& count, std::span<float> values) const {
  const hid_t dataset = impl_->dataset(name);
  const std::vector<std::size_t>& shape = impl_->shapes.at(name);
  HINDSCALE_ASSERT(start.size() == shape.size() && count.size() == shape.size());
  std::size_t n_values = 1;
  for (std::size_t a = 0; a < shape.size(); ++a) {
    HINDSCALE_ASSERT(start[a] + count[a] <= shape[a]);
    n_values *= count[a];
  }
  HINDSCALE_ASSERT(values.size() == n_values);
  if (n_values == 0) return;
  const auto alone = alone_in_netcdf();
  const std::vector<hsize_t> first(start.begin(), start.end()), extents(count.begin(), count.end());
  const Hdf5Handle file_space = impl_->own(H5Dget_space(dataset), H5Sclose);
  impl_->check(H5Sselect_hyperslab(file_space.get(), H5S_SELECT_SET, first.data(), nullptr,
                                   extents.data(), nullptr));
  const Hdf5Handle memory_space = impl_->own(
      H5Screate_simple(static_cast<int>(extents.size()), extents.data(), nullptr), H5Sclose);
  impl_->check(H5Dread(dataset, H5T_NATIVE_FLOAT, memory_space.get(), file_space.get(), H5P_DEFAULT,
                       values.data()));
}

std::vector<double> StoreReader::read_whole(const std::string& name) const {
  const hid_t dataset = impl_->dataset(name);
  std::size_t n_values = 1;
  for (const std::size_t extent : impl_->shapes.at(name)) n_values *= extent;
  std::vector<double> values(n_values);
  if (n_values == 0) return values;
  const auto alone = alone_in_netcdf();
  impl_->check(H5Dread(dataset, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()));
  return values;
}

std::string StoreReader::Impl::attribute_text(const std::string& attribute) const {
  if (H5Aexists(file.get(), attribute.c_str()) <= 0) {
    refuse("it has no attribute " + attribute);
  }
  const Hdf5Handle opened = own(H5Aopen(file.get(), attribute.c_str(), H5P_DEFAULT), H5Aclose);
  const Hdf5Handle type = own(H5Aget_type(opened.get()), H5Tclose);
  if (H5Tget_class(type.get()) != H5T_STRING || H5Tis_variable_str(type.get()) > 0) {
    refuse("its attribute " + attribute + " is not text");
  }
  std::string text(H5Tget_size(type.get()), '\0');
  check(H5Aread(opened.get(), type.get(), text.data()));
  text.resize(text.find('\0') == std::string::npos ? text.size() : text.find('\0'));
  return text;
}

std::string StoreReader::text(const std::string& attribute) const {
  const auto alone = alone_in_netcdf();
  std::string text = impl_->attribute_text(attribute);
  for (std::size_t piece = 1;
       H5Aexists(impl_->file.get(), text_piece_name(attribute, piece).c_str()) > 0; ++piece)
    text += impl_->attribute_text(text_piece_name(attribute, piece));
  return text;
}

std::vector<std::string> StoreReader::names() const {
  std::vector<std::string> names;
  for (const auto& entry : impl_->datasets) names.push_back(entry.first);
  return names;
}

}  // namespace hindscale
