// SPDX-License-Identifier: Apache-2.0
#include "memory_estimate.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "coarse_digests.hpp"
#include "driving_source.hpp"
#include "hindscale/core/units.hpp"
#include "hindscale/model/evaluator.hpp"
#include "hindscale/model/precision.hpp"
#include "member_statistics.hpp"

namespace hindscale {
namespace {

constexpr double program_bytes = 200 * mib;  // measured: libraries of the build, one small field

/// Whether a diffusion counts from the mean of a regression.
bool has_mean(const Options& options) {
  return options.diffusion.regression && !options.training.is_deterministic();
}

/// Bytes of one variable on the fine grid.
double field_bytes(const StoreContent& content) {
  return static_cast<double>(content.fine.n_rows() * content.fine.n_columns()) * sizeof(float);
}

/// What Conditioning keeps: areas, statics, masks, scales, mean errors by month, regression.
double table_fields(const MemoryCase& c) {
  const auto n = static_cast<double>(c.content.n_variables());
  const double areas = 2, statics = 2, normalisation = 4 * n, mean_errors = 12 * n;
  double ridge = 0;
  const std::string& base = c.options.diffusion.base;
  const bool is_local = base == "local_ridge";
  if (const auto& fit = is_local ? c.content.local_ridge : c.content.ridge;
      fit && (is_local || base == "ridge")) {
    const double window = fit->window;
    ridge = n * (window * window * n + 1) + (is_local ? mean_errors : 0);
  }
  return areas + statics + n + normalisation + mean_errors + ridge;
}

/// The network made ready, and inputs and outputs of one call.
double network_bytes(const MemoryCase& c) {
  const auto height = static_cast<std::size_t>(c.options.tiling.size[0]),
             width = static_cast<std::size_t>(c.options.tiling.size[1]);
  const auto evaluator = make_evaluator(
      c.network,
      {.height = height, .width = width, .precision = precision_of(c.options.sampling.precision)});
  const NetworkConfig& config = c.network->config();
  const double a_call = static_cast<double>(c.options.ensemble.batch) *
                        static_cast<double>(height * width) *
                        static_cast<double>(config.in_channels + config.out_channels);
  return static_cast<double>(evaluator->bytes()) +
         sizeof(float) * (a_call + static_cast<double>(parameter_count(*c.network)));
}

/// Months to reconstruct.
double months_asked(const Options& options) {
  return Month::parse(options.last_month()) - Month::parse(options.first_month()) + 1;
}

/// Open NetCDF-4 files, which know where their records lie; files of other formats need little.
double netcdf4_bytes(double n_files, double n_records) {
  constexpr double open_file = 0.95 * mib, a_record = 450;  // measured
  return n_files * (open_file + n_records * a_record);
}

/// That of members' files, of which each keeps one field, or none where that is large.
double members_bytes(const MemoryCase& c, double n_files) {
  if (c.options.output.format != "netcdf4") return 0;
  constexpr double largest_kept = 16 * mib;  // the library's cache of chunks
  const double field = field_bytes(c.content);
  const double n_records =
      std::min(12 * static_cast<double>(c.options.output.years_per_file), months_asked(c.options));
  return netcdf4_bytes(n_files, n_records) + n_files * (field < largest_kept ? field : 0);
}

/// Statistics of one variable: all its members' files, a band of their rows, one month of results.
double statistics_bytes(const MemoryCase& c) {
  if (!c.options.output.statistics) return 0;
  const double field = field_bytes(c.content);
  const auto n_members = static_cast<double>(c.options.ensemble.members);
  const double band = std::min(static_cast<double>(statistics_band_bytes), n_members * field);
  const double results = 2 + static_cast<double>(c.options.output.quantiles.size());
  return members_bytes(c, n_members) + band + 2 * results * field;  // and the files' records
}

/// The months and fields that are in work at a time.
double in_work_bytes(const MemoryCase& c) {
  const auto n = static_cast<double>(c.content.n_variables());
  const double ranks = static_cast<double>(c.options.ensemble.ranks_per_field);
  const double tiles_a_rank = std::ceil(static_cast<double>(c.layout.tiles().size()) / ranks);
  const double in_flight = std::ceil(static_cast<double>(c.options.ensemble.batch) / tiles_a_rank);
  const double conditions = static_cast<double>(c.network->config().in_channels) - n;
  const double month = conditions + 5 * n;  // Lerp, climatology, corrected, first guess, base
  // Fields of one driver share what their month is made from.
  const double n_in_work = c.options.reconstruct.coarse_members > 0 ? in_flight : 1;
  // Of each field in work: the fixed-point sums, touched and own rows (four), and nine states; the
  // finished field, that of the batch before, which waits, and of the one before that, written now.
  const double states = (13 * n) / ranks + 3 * n;
  const double output_year = 2 * n;  // the file's record, and a field's transform
  return field_bytes(c.content) * (n_in_work * month + in_flight * states + output_year);
}

double sampling_bytes(const MemoryCase& c) {
  const auto n = static_cast<double>(c.content.n_variables());
  return netcdf4_bytes(n * static_cast<double>(drivers_kept_open(c.options)),
                       months_asked(c.options)) +
         members_bytes(c, n * static_cast<double>(c.options.ensemble.members_per_unit)) +
         in_work_bytes(c);
}

/// What is known of each coarse field: twice while ranks tell each other, and as text on the root,
/// which it reads back when an archive is continued.
double digests_bytes(const MemoryCase& c) {
  constexpr double text = 190;  // measured
  const std::int64_t n_drivers = std::max<std::int64_t>(
      std::min(c.options.reconstruct.coarse_members, c.options.ensemble.members), 1);
  return months_asked(c.options) * static_cast<double>(n_drivers) *
         (2 * sizeof(CoarseDigests::Entry) + text);
}

}  // namespace

double reconstruction_bytes(const MemoryCase& c) {
  const double n_networks =
      has_mean(c.options) ? 2 : 1;  // a regression is shaped like its diffusion
  return program_bytes + digests_bytes(c) + n_networks * network_bytes(c) +
         field_bytes(c.content) * table_fields(c) +
         std::max(sampling_bytes(c), statistics_bytes(c));
}

namespace {

/// Of a month: inputs without the state, target and weight.
double sample_bytes(const MemoryCase& c) {
  const NetworkConfig& config = c.network->config();
  return static_cast<double>(config.in_channels + config.out_channels) * field_bytes(c.content);
}

/// That training/cache_mib lets a rank keep.
std::size_t most_samples(const MemoryCase& c) {
  return static_cast<std::size_t>(static_cast<double>(c.options.training.cache_mib) * mib /
                                  sample_bytes(c));
}

/// Beside those to learn from.
std::size_t validation_samples_kept(const MemoryCase& c) {
  return std::min(c.content.months_to_validate().size(), most_samples(c) - samples_kept(c));
}

/// Fields of the months that are sampled between steps: their truth; the members of as many months
/// as the ranks make together; with them those of this rank, or one month's in double.
double validation_bytes(const MemoryCase& c, std::int64_t n_ranks) {
  const TrainingOptions& training = c.options.training;
  const std::int64_t n_months = std::min<std::int64_t>(
                         training.validation_months,
                         static_cast<std::int64_t>(c.content.months_to_validate().size())),
                     n_members = training.validation_members;
  if (n_months == 0) return 0;
  const double members = static_cast<double>(n_members),
               at_once =
                   static_cast<double>(std::min(n_ranks / std::gcd(n_ranks, n_members), n_months)),
               share = std::ceil(at_once * members / static_cast<double>(n_ranks));
  const double in_double = n_ranks > 1 ? 2 * members : 0;
  const double n_fields =
      static_cast<double>(n_months) + at_once * members + std::max(share, in_double);
  return network_bytes(c) + in_work_bytes(c) +
         n_fields * static_cast<double>(c.content.n_variables()) * field_bytes(c.content);
}

/// Of a pass with `n` patches. Holes between maps that come and go, and maps that operations work
/// with, are reckoned by the largest: measured; those that glibc maps by themselves leave no holes.
double heap_bytes(const PassMemory& patch, double n) {
  constexpr double n_working = 14, most_in_heap = 32 * mib;
  return n * patch.kept + n_working * std::min(n * patch.largest, most_in_heap);
}

/// Two batches of `n` patches, that of the pass and the next, and what one is made from: field and
/// noise, with three maps in double while they are mixed.
double batches_bytes(const MemoryCase& c, double n) {
  const auto& size = c.options.training.patch_size;
  const NetworkConfig& config = c.network->config();
  const auto in = static_cast<double>(config.in_channels),
             out = static_cast<double>(config.out_channels);
  const double a_channel = sizeof(float) * static_cast<double>(size[0] * size[1]);
  return n * a_channel * (2 * (in + 2 * out) + (2 + 3 * 2) * out);
}

/// The discriminator judges made and true fields in float32: what it sees, what each layer makes
/// before and after its activation, and by how much the two differ behind each.
void add_adversary(const MemoryCase& c, PassMemory& patch) {
  const auto& size = c.options.training.patch_size;
  const double a_channel = sizeof(float) * static_cast<double>(size[0] * size[1]);
  const auto seen = static_cast<double>(c.network->config().in_channels),
             features = static_cast<double>(c.options.gan.channels);
  patch.kept += a_channel * (2 * (seen + 4 * features) + 2 * features);
  patch.largest = std::max(patch.largest, a_channel * std::max(seen, features));
}

/// The largest pass of a rank, forward and backward, with its batch.
double pass_bytes(const MemoryCase& c, std::int64_t n_ranks) {
  const TrainingOptions& training = c.options.training;
  const bool is_short = precision_of(training.precision) == Precision::bfloat16;
  const double a_rank =
                   std::ceil(static_cast<double>(training.batch) / static_cast<double>(n_ranks)),
               n = std::ceil(a_rank / static_cast<double>(training.accumulation));
  PassMemory patch = pass_memory(c.network->config(), training.patch_size[0],
                                 training.patch_size[1], is_short ? 2 : 4, training.recompute);
  if (training.stage == "gan") add_adversary(c, patch);
  return batches_bytes(c, n) + heap_bytes(patch, n);
}

}  // namespace

std::size_t samples_kept(const MemoryCase& c) {
  return std::min(c.content.months_to_learn().size(), most_samples(c));
}

double training_bytes(const MemoryCase& c, std::int64_t n_ranks) {
  const TrainingOptions& training = c.options.training;
  const double weights = sizeof(float) * static_cast<double>(parameter_count(*c.network));
  const bool is_short = precision_of(training.precision) == Precision::bfloat16;
  // Average, gradient and two moments; packed for a convolution, for its input and its gradients.
  const double copies = 5 + (is_short ? 2 : 3), copies_saved = 4;
  const double samples =
      static_cast<double>(samples_kept(c) + validation_samples_kept(c)) * sample_bytes(c);
  // The mean of all years, and those of the folds but its own.
  const double means = has_mean(c.options)
                           ? static_cast<double>(1 + training.folds - (training.fold > 0 ? 1 : 0))
                           : 0;
  const double kept = copies * weights + samples + means * network_bytes(c) +
                      field_bytes(c.content) * table_fields(c);
  return program_bytes + kept +
         std::max({copies_saved * weights, pass_bytes(c, n_ranks), validation_bytes(c, n_ranks)});
}

bool fits_node(const MachineOptions& machine, double bytes) {
  return machine.memory_gib <= 0 || bytes < machine.memory_gib * 1024 * mib;
}

double peak_bytes() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) * 1024;
}

void log_peak_memory(const Context& context) {
  context.log.info("peak memory of a rank: {:.0f} MiB", all_max(context.comm, peak_bytes()) / mib);
}

}  // namespace hindscale
