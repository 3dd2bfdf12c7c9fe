// SPDX-License-Identifier: Apache-2.0
// CDF-5 files through PnetCDF.
#include <pnetcdf.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <functional>
#include <numeric>
#include <string>
#include <utility>

#include "field_backend.hpp"
#include "hindscale/core/error.hpp"
#include "library_locks.hpp"

namespace hindscale {
namespace {

constexpr int closed = -1;

std::string reason_of(int status) {
  std::string why = ncmpi_strerror(status);
  if (errno != 0) why += std::string(", ") + std::strerror(errno);
  return why;
}

/// What is handed to the library at a time: it swaps and copies bytes where the processor's cache
/// holds them.
constexpr std::size_t piece_bytes = std::size_t{1} << 20;

/// Hints for a file with records of this many bytes. The buffer for collective writes, which MPI
/// makes for every open file (16 MiB, where nothing is said), need hold no more than a piece of a
/// record. Bytes are swapped in a copy, not in the caller's memory and then back.
class Hints {
 public:
  explicit Hints(std::size_t record_bytes) {
    constexpr std::size_t least = std::size_t{1} << 16;
    MPI_Info_create(&info_);
    const std::string bytes = std::to_string(std::clamp(record_bytes, least, piece_bytes));
    MPI_Info_set(info_, "cb_buffer_size", bytes.c_str());
    MPI_Info_set(info_, "nc_in_place_swap", "disable");
  }
  ~Hints() { MPI_Info_free(&info_); }
  Hints(const Hints&) = delete;
  Hints& operator=(const Hints&) = delete;
  [[nodiscard]] MPI_Info native() const { return info_; }

 private:
  MPI_Info info_ = MPI_INFO_NULL;
};

class Cdf5File final : public FieldBackend {
 public:
  Cdf5File(const Communicator& comm, const std::filesystem::path& path, std::size_t record_bytes)
      : path_(path) {
    const Hints hints(record_bytes);
    const LibraryLock alone = alone_in_pnetcdf();
    errno = 0;
    check(ncmpi_create(comm.native(), path.c_str(), NC_CLOBBER | NC_64BIT_DATA, hints.native(),
                       &file_),
          "cannot create");
  }
  ~Cdf5File() override {
    if (file_ == closed) return;
    const LibraryLock alone = alone_in_pnetcdf();
    ncmpi_abort(file_);
  }
  Cdf5File(const Cdf5File&) = delete;
  Cdf5File& operator=(const Cdf5File&) = delete;

  void define(const FilePlan& plan);
  void write_record(std::size_t i_record, const Time& time, std::span<const float> values) override;
  void finish() override;

 private:
  void define_variable(const VariablePlan& variable);
  void put_attribute(int variable, const AttributePlan& attribute) const;
  /// The last two axes of the data variable: `start` is where they begin.
  void put_rows(std::vector<MPI_Offset> start, std::span<const float> field) const;
  void check(int status, const char* problem = "cannot write") const {
    if (status == NC_NOERR) return;
    throw SystemError({.problem = problem, .value = path_.string(), .why = reason_of(status)});
  }

  std::filesystem::path path_;
  int file_ = closed;
  int time_ = 0;
  int time_bounds_ = 0;
  int data_ = 0;
  std::vector<MPI_Offset> record_count_;
};

nc_type type_of(VariablePlan::Type type) {
  switch (type) {
    case VariablePlan::Type::character:
      return NC_CHAR;
    case VariablePlan::Type::int32:
      return NC_INT;
    case VariablePlan::Type::float32:
      return NC_FLOAT;
    case VariablePlan::Type::float64:
      return NC_DOUBLE;
  }
  return NC_NAT;
}

void Cdf5File::put_attribute(int variable, const AttributePlan& attribute) const {
  const char* name = attribute.name.c_str();
  if (const auto* text = std::get_if<std::string>(&attribute.value)) {
    check(ncmpi_put_att_text(file_, variable, name, static_cast<MPI_Offset>(text->size()),
                             text->c_str()));
  } else if (const auto* whole = std::get_if<int>(&attribute.value)) {
    check(ncmpi_put_att_int(file_, variable, name, NC_INT, 1, whole));
  } else if (const auto* single = std::get_if<float>(&attribute.value)) {
    check(ncmpi_put_att_float(file_, variable, name, NC_FLOAT, 1, single));
  } else {
    check(ncmpi_put_att_double(file_, variable, name, NC_DOUBLE, 1,
                               &std::get<double>(attribute.value)));
  }
}

void Cdf5File::define_variable(const VariablePlan& variable) {
  int identifier = 0;
  check(ncmpi_def_var(file_, variable.name.c_str(), type_of(variable.type),
                      static_cast<int>(variable.dimensions.size()), variable.dimensions.data(),
                      &identifier));
  for (const AttributePlan& attribute : variable.attributes) put_attribute(identifier, attribute);
}

void Cdf5File::define(const FilePlan& plan) {
  const LibraryLock alone = alone_in_pnetcdf();
  errno = 0;
  for (const DimensionPlan& dimension : plan.dimensions) {
    int identifier = 0;
    const auto length = static_cast<MPI_Offset>(dimension.length);
    check(ncmpi_def_dim(file_, dimension.name.c_str(), length == 0 ? NC_UNLIMITED : length,
                        &identifier));
  }
  for (const VariablePlan& variable : plan.variables) define_variable(variable);
  for (const AttributePlan& attribute : plan.attributes) put_attribute(NC_GLOBAL, attribute);
  // Alignments are fixed here, so that neither hints nor file systems move a byte.
  constexpr MPI_Offset no_spare_bytes = 0;
  constexpr MPI_Offset alignment_bytes = 4;
  check(ncmpi__enddef(file_, no_spare_bytes, alignment_bytes, no_spare_bytes, alignment_bytes));
  for (std::size_t i = 0; i < plan.variables.size(); ++i) {
    const std::vector<double>& values = plan.variables[i].values;
    if (!values.empty()) {
      check(ncmpi_put_var_double_all(file_, static_cast<int>(i), values.data()));
    }
  }
  time_ = plan.time;
  time_bounds_ = plan.time_bounds;
  data_ = plan.data;
  record_count_.assign(1, 1);
  record_count_.insert(record_count_.end(), plan.record_shape.begin(), plan.record_shape.end());
}

void Cdf5File::write_record(std::size_t i_record, const Time& time, std::span<const float> values) {
  const LibraryLock alone = alone_in_pnetcdf();
  errno = 0;
  std::vector<MPI_Offset> start(record_count_.size(), 0);
  start[0] = static_cast<MPI_Offset>(i_record);
  const MPI_Offset bounds_count[2] = {1, 2};
  check(ncmpi_put_vara_double_all(file_, time_, start.data(), record_count_.data(),
                                  &time.middle_days));
  check(ncmpi_put_vara_double_all(file_, time_bounds_, start.data(), bounds_count,
                                  time.bounds_days.data()));
  const bool has_quantiles = record_count_.size() > 3;
  const MPI_Offset n_fields = has_quantiles ? record_count_[1] : 1;
  const std::size_t n_values = values.size() / static_cast<std::size_t>(n_fields);
  for (MPI_Offset i = 0; i < n_fields; ++i) {
    if (has_quantiles) start[1] = i;
    put_rows(start, values.subspan(static_cast<std::size_t>(i) * n_values, n_values));
  }
}

void Cdf5File::put_rows(std::vector<MPI_Offset> start, std::span<const float> field) const {
  const std::size_t n_columns = static_cast<std::size_t>(record_count_.back()),
                    n_rows = field.size() / n_columns,
                    n_at_once = std::max<std::size_t>(piece_bytes / (n_columns * sizeof(float)), 1);
  std::vector<MPI_Offset> count(start.size(), 1);
  count.back() = record_count_.back();
  for (std::size_t row = 0; row < n_rows; row += n_at_once) {
    const std::size_t n = std::min(n_at_once, n_rows - row);
    start[start.size() - 2] = static_cast<MPI_Offset>(row);
    count[count.size() - 2] = static_cast<MPI_Offset>(n);
    check(ncmpi_put_vara_float_all(file_, data_, start.data(), count.data(),
                                   field.data() + row * n_columns));
  }
}

void Cdf5File::finish() {
  const LibraryLock alone = alone_in_pnetcdf();
  errno = 0;
  check(ncmpi_sync(file_));
  // Same type and length as defined: the header keeps its size and is rewritten in place.
  put_attribute(NC_GLOBAL, {sentinel_name, 1});
  check(ncmpi_close(std::exchange(file_, closed)), "cannot close");
}

}  // namespace

std::unique_ptr<FieldBackend> create_cdf5(const Communicator& comm,
                                          const std::filesystem::path& path, const FilePlan& plan) {
  auto file =
      std::make_unique<Cdf5File>(comm, path,
                                 std::accumulate(plan.record_shape.begin(), plan.record_shape.end(),
                                                 sizeof(float), std::multiplies<>{}));
  file->define(plan);
  return file;
}

}  // namespace hindscale
