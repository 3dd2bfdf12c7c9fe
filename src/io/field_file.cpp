// SPDX-License-Identifier: Apache-2.0
#include "hindscale/io/field_file.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "field_backend.hpp"
#include "hindscale/core/commit.hpp"
#include "hindscale/core/error.hpp"
#include "hindscale/core/hash.hpp"
#include "hindscale/io/versions.hpp"
#include "hindscale/time/axis.hpp"

namespace hindscale {
namespace fs = std::filesystem;

namespace {

void fill_missing(std::span<float> values) {
  std::ranges::replace_if(
      values, [](float value) { return std::isnan(value); }, fill_value);
}

/// Checksum of all records as a reader sees them.
std::uint64_t checksum_of(const FieldReader& reader, const std::vector<std::size_t>& record_shape) {
  const std::size_t n_columns = record_shape.back();
  const std::size_t n_rows = record_shape[record_shape.size() - 2];
  const std::size_t n_quantiles = record_shape.size() == 3 ? record_shape.front() : 1;
  Array<float, 2> field({n_rows, n_columns});
  Checksum checksum;
  for (std::size_t i_month = 0; i_month < reader.months().size(); ++i_month) {
    for (std::size_t i_quantile = 0; i_quantile < n_quantiles; ++i_quantile) {
      reader.read(i_month, 0, field, i_quantile);
      fill_missing(field.flat());
      checksum.add(std::as_bytes(field.flat()));
    }
  }
  return checksum.value();
}

}  // namespace

struct FieldFile::Impl {
  FieldFileSpec spec;
  std::vector<std::size_t> record_shape;
  std::unique_ptr<FieldBackend> file;
  Checksum written;
  std::size_t n_written = 0;
  std::size_t bytes_since_sync = 0;
  std::vector<float> record;

  void begin_sync(std::size_t new_bytes);

  void verify(const fs::path& part);
};

FieldFile::FieldFile(const Communicator& self, const FieldFileSpec& spec)
    : impl_(std::make_unique<Impl>()) {
  HINDSCALE_ASSERT(self.size() == 1);
  HINDSCALE_ASSERT(spec.keep_bits == 0 || spec.format == FileFormat::netcdf4);
  impl_->spec = spec;
  impl_->spec.grid = nullptr;  // the caller's grid may go once the header is written
  // The version's first word; the rest is the date of its build.
  const std::string version = netcdf_version();
  const FilePlan plan = plan_of(spec, "netCDF-C " + version.substr(0, version.find(' ')));
  impl_->record_shape = plan.record_shape;
  const fs::path part = part_path(spec.path);
  std::error_code ignored;
  fs::remove(part, ignored);  // what an ended run left behind must not shine through gaps
  impl_->file = spec.format == FileFormat::cdf5
                    ? create_cdf5(self, part, plan)
                    : create_netcdf4(part, plan, {spec.deflate_level, spec.keep_bits});
}

FieldFile::~FieldFile() = default;
FieldFile::FieldFile(FieldFile&&) noexcept = default;

void FieldFile::write(std::size_t i_month, std::span<const float> record) {
  std::size_t n_values = 1;
  for (const std::size_t extent : impl_->record_shape) n_values *= extent;
  HINDSCALE_ASSERT(i_month == impl_->n_written && i_month < impl_->spec.months.size());
  HINDSCALE_ASSERT(record.size() == n_values);
  impl_->record.resize(n_values);
  std::ranges::transform(record, impl_->record.begin(),
                         [](float value) { return std::isnan(value) ? fill_value : value; });
  const Month month = impl_->spec.months[i_month];
  impl_->file->write_record(i_month, {mid_month_days(month), month_bounds_days(month)},
                            impl_->record);
  impl_->written.add(std::as_bytes(std::span(impl_->record)));
  impl_->begin_sync(record.size_bytes());
  ++impl_->n_written;
}

FileRecord FieldFile::commit() {
  HINDSCALE_ASSERT(impl_->n_written == impl_->spec.months.size());
  impl_->file->finish();
  const fs::path& path = impl_->spec.path;
  const fs::path part = part_path(path);
  const FileRecord entry{path.filename().string(), fs::file_size(part), sha256_of_file(part)};
  if (fs::exists(path) && fs::file_size(path) == entry.bytes &&
      sha256_of_file(path) == entry.sha256) {
    // Left by a run that was killed between two files of a unit: it stays untouched.
    impl_->verify(path);
    fs::remove(part);
  } else {
    commit_file(path, [&](const fs::path& written) { impl_->verify(written); });
  }
  return entry;
}

/// Where the disk works beside the processor, a file is on it soon after its last record.
void FieldFile::Impl::begin_sync(std::size_t new_bytes) {
  constexpr std::size_t worth_a_call = std::size_t{4} << 20;  // a few ms of a disk
  bytes_since_sync += new_bytes;
  if (bytes_since_sync < worth_a_call) return;
  begin_sync_to_disk(part_path(spec.path));
  bytes_since_sync = 0;
}

void FieldFile::Impl::verify(const fs::path& part) {
  const auto refuse = [&](const std::string& why) {
    throw SystemError({.problem = "content differs after writing",
                       .value = part.string(),
                       .why = why,
                       .advice = "check the disk and run again"});
  };
  try {
    const FieldReader reader(part);
    if (reader.months() != spec.months) refuse("other months");
    const std::uint64_t found = checksum_of(reader, record_shape);
    // Rounded values are not those handed over; the checksums of the format guard them.
    if (spec.keep_bits == 0 && found != written.value()) refuse("other values");
  } catch (const InputError& error) {
    refuse(error.what());
  }
}

}  // namespace hindscale
