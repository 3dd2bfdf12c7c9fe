// SPDX-License-Identifier: Apache-2.0
#include "memory_estimate.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <cmath>

#include "hindscale/model/evaluator.hpp"

namespace hindscale {
namespace {

constexpr double mib = 1048576.0;
constexpr double program_bytes = 200 * mib;  // measured: libraries of the build, one small field

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

}  // namespace

double reconstruction_bytes(const MemoryCase& c) {
  const auto n = static_cast<double>(c.content.n_variables());
  const double ranks = static_cast<double>(c.options.ensemble.ranks_per_field);
  const double tiles_a_rank = std::ceil(static_cast<double>(c.layout.tiles().size()) / ranks);
  const double in_flight = std::ceil(static_cast<double>(c.options.ensemble.batch) / tiles_a_rank);
  const double conditions = static_cast<double>(c.network->config().in_channels) - n;
  const double month = conditions + 5 * n;  // Lerp, climatology, corrected, first guess, base
  // Fields of one driver share what their month is made from.
  const double n_months = c.options.reconstruct.coarse_members > 0 ? in_flight : 1;
  // Of each field in work: the fixed-point sums, touched and own rows (four), and nine states; the
  // finished field, that of the batch before, which waits, and of the one before that, written now.
  const double states = (13 * n) / ranks + 3 * n;
  const double output_year = 2 * n;  // the file's record, and a field's transform
  return program_bytes + network_bytes(c) +
         field_bytes(c.content) *
             (table_fields(c) + n_months * month + in_flight * states + output_year);
}

double peak_bytes() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) * 1024;
}

}  // namespace hindscale
