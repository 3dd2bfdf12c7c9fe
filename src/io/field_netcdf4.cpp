// SPDX-License-Identifier: Apache-2.0
// Compressed NetCDF-4 files of the classic model. A file has one writer, so it is opened serially:
// a failed write of the parallel driver may hang.
#include <netcdf.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

#include "chunk_cache.hpp"
#include "field_backend.hpp"
#include "hindscale/core/error.hpp"
#include "library_locks.hpp"

namespace hindscale {
namespace {

constexpr int closed = -1;

std::string reason_of(int status) {
  std::string why = nc_strerror(status);
  // Negative codes are the library's own; the system's reason, where there is one, is still in
  // errno.
  if (status < 0 && errno != 0) why += std::string(", ") + std::strerror(errno);
  return why;
}

class Netcdf4File final : public FieldBackend {
 public:
  explicit Netcdf4File(const std::filesystem::path& path) : path_(path) {
    const LibraryLock alone = alone_in_netcdf();
    errno = 0;
    check(nc_create(path.c_str(), NC_CLOBBER | NC_NETCDF4 | NC_CLASSIC_MODEL, &file_),
          "cannot create");
  }
  ~Netcdf4File() override {
    // After a failed write HDF5 cannot close the file, now or later; see FieldFile.
    if (file_ == closed || failed_) return;
    const LibraryLock alone = alone_in_netcdf();
    nc_close(file_);
  }
  Netcdf4File(const Netcdf4File&) = delete;
  Netcdf4File& operator=(const Netcdf4File&) = delete;

  void define(const FilePlan& plan, const Compression& compression);
  void write_record(std::size_t i_record, const Time& time, std::span<const float> values) override;
  void finish() override;

 private:
  void define_variable(const VariablePlan& variable);
  void define_chunks(int variable, const std::vector<std::size_t>& chunk);
  void define_compression(const Compression& compression);
  void put_attribute(int variable, const AttributePlan& attribute) const;
  void check(int status, const char* problem = "cannot write") const {
    if (status == NC_NOERR) return;
    failed_ = true;
    throw SystemError({.problem = problem, .value = path_.string(), .why = reason_of(status)});
  }

  std::filesystem::path path_;
  int file_ = closed;
  mutable bool failed_ = false;
  int time_ = 0;
  int time_bounds_ = 0;
  int data_ = 0;
  std::vector<std::size_t> record_count_;
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

void Netcdf4File::put_attribute(int variable, const AttributePlan& attribute) const {
  const char* name = attribute.name.c_str();
  if (const auto* text = std::get_if<std::string>(&attribute.value)) {
    check(nc_put_att_text(file_, variable, name, text->size(), text->c_str()));
  } else if (const auto* whole = std::get_if<int>(&attribute.value)) {
    check(nc_put_att_int(file_, variable, name, NC_INT, 1, whole));
  } else if (const auto* single = std::get_if<float>(&attribute.value)) {
    check(nc_put_att_float(file_, variable, name, NC_FLOAT, 1, single));
  } else {
    check(
        nc_put_att_double(file_, variable, name, NC_DOUBLE, 1, &std::get<double>(attribute.value)));
  }
}

void Netcdf4File::define_variable(const VariablePlan& variable) {
  int identifier = 0;
  check(nc_def_var(file_, variable.name.c_str(), type_of(variable.type),
                   static_cast<int>(variable.dimensions.size()), variable.dimensions.data(),
                   &identifier));
  check(nc_def_var_fill(file_, identifier, NC_NOFILL, nullptr));
  for (const AttributePlan& attribute : variable.attributes) put_attribute(identifier, attribute);
}

void Netcdf4File::define_chunks(int variable, const std::vector<std::size_t>& chunk) {
  check(nc_def_var_chunking(file_, variable, NC_CHUNKED, chunk.data()));
}

void Netcdf4File::define_compression(const Compression& compression) {
  if (compression.deflate_level > 0) {
    check(nc_def_var_deflate(file_, data_, NC_SHUFFLE, 1, compression.deflate_level));
  }
  check(nc_def_var_fletcher32(file_, data_, NC_FLETCHER32));
  if (compression.keep_bits > 0) {
    // The library adds this attribute in nc_enddef, where 4.9.0 refuses a new one in files of the
    // classic model.
    put_attribute(data_, {"_QuantizeBitRoundNumberOfSignificantBits", compression.keep_bits});
    check(nc_def_var_quantize(file_, data_, NC_QUANTIZE_BITROUND, compression.keep_bits));
  }
}

void Netcdf4File::define(const FilePlan& plan, const Compression& compression) {
  const LibraryLock alone = alone_in_netcdf();
  errno = 0;
  for (const DimensionPlan& dimension : plan.dimensions) {
    int identifier = 0;
    const std::size_t length = dimension.length == 0 ? NC_UNLIMITED : dimension.length;
    check(nc_def_dim(file_, dimension.name.c_str(), length, &identifier));
  }
  for (const VariablePlan& variable : plan.variables) define_variable(variable);
  for (const AttributePlan& attribute : plan.attributes) put_attribute(NC_GLOBAL, attribute);
  time_ = plan.time;
  time_bounds_ = plan.time_bounds;
  data_ = plan.data;
  record_count_.assign(1, 1);
  record_count_.insert(record_count_.end(), plan.record_shape.begin(), plan.record_shape.end());
  define_chunks(time_, {plan.n_records});
  define_chunks(time_bounds_, {plan.n_records, 2});
  define_chunks(data_, record_count_);
  check(limit_chunk_cache(file_, data_, 0));
  define_compression(compression);
  check(nc_enddef(file_));
  for (std::size_t i = 0; i < plan.variables.size(); ++i) {
    const std::vector<double>& values = plan.variables[i].values;
    if (!values.empty()) check(nc_put_var_double(file_, static_cast<int>(i), values.data()));
  }
}

void Netcdf4File::write_record(std::size_t i_record, const Time& time,
                               std::span<const float> values) {
  const LibraryLock alone = alone_in_netcdf();
  errno = 0;
  std::vector<std::size_t> start(record_count_.size(), 0);
  start[0] = i_record;
  const std::size_t bounds_count[2] = {1, 2};
  check(nc_put_vara_double(file_, time_, start.data(), record_count_.data(), &time.middle_days));
  check(
      nc_put_vara_double(file_, time_bounds_, start.data(), bounds_count, time.bounds_days.data()));
  check(nc_put_vara_float(file_, data_, start.data(), record_count_.data(), values.data()));
}

void Netcdf4File::finish() {
  const LibraryLock alone = alone_in_netcdf();
  errno = 0;
  check(nc_sync(file_));
  put_attribute(NC_GLOBAL, {sentinel_name, 1});
  check(nc_sync(file_));  // leaves nothing to write, so that closing cannot fail for want of space
  check(nc_close(std::exchange(file_, closed)), "cannot close");
}

}  // namespace

std::unique_ptr<FieldBackend> create_netcdf4(const std::filesystem::path& path,
                                             const FilePlan& plan, const Compression& compression) {
  auto file = std::make_unique<Netcdf4File>(path);
  file->define(plan, compression);
  return file;
}

}  // namespace hindscale
