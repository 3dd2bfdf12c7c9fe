// SPDX-License-Identifier: Apache-2.0
#include "domain.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace hindscale {
namespace {

constexpr double tolerance = 1e-6;  // degrees: coordinates are often rounded

/// Cells [first, first + n) of an axis; columns may wrap.
struct Range1 {
  std::size_t first = 0;
  std::size_t n = 0;
};

Axis cut_axis(const Axis& axis, const Range1& range, bool wraps) {
  Axis cut;
  for (std::size_t k = 0; k < range.n; ++k) {
    const std::size_t i = range.first + k;
    const double turn = wraps && i >= axis.size() ? 360.0 : 0.0;
    const std::size_t inside = i % axis.size();
    cut.centre.push_back(axis.centre[inside] + turn);
    if (k == 0) cut.edge.push_back(axis.edge[inside] + turn);
    cut.edge.push_back(axis.edge[inside + 1] + turn);
  }
  return cut;
}

Cut cut_grid(const Grid& source, const Range1& rows, const Range1& columns) {
  Cut cut;
  cut.window = {rows.first, columns.first, rows.n, columns.n};
  cut.grid.latitude = cut_axis(source.latitude, rows, false);
  cut.grid.longitude = cut_axis(source.longitude, columns, source.periodic);
  cut.grid.periodic = source.periodic && columns.n == source.n_columns();
  return cut;
}

/// Cells of an axis that `keep` says to keep, which must be neighbours.
template <class Keep>
Range1 kept(std::size_t n_candidates, Keep&& keep) {
  Range1 range;
  for (std::size_t i = 0; i < n_candidates; ++i) {
    if (!keep(i)) continue;
    if (range.n == 0) range.first = i;
    range.n = i - range.first + 1;
  }
  return range;
}

Range1 columns_within(const Grid& source, double west, double east) {
  const std::size_t n = source.n_columns();
  const auto offset = [&](std::size_t i) {
    const double lon = source.longitude.centre[i % n];
    return lon - west - 360 * std::floor((lon - west + tolerance) / 360);
  };
  const auto inside = [&](std::size_t i) { return offset(i) <= east - west + tolerance; };
  // Start at the first column east of the western border, so that a cut through the source's own
  // seam stays in one piece.
  std::size_t start = 0;
  for (std::size_t i = 1; i < n; ++i) {
    if (offset(i) < offset(start)) start = i;
  }
  Range1 range = kept(n, [&](std::size_t k) { return inside(start + k); });
  range.first += start;
  if (!source.periodic && range.first + range.n > n) range.n = 0;
  range.first %= n;
  return range;
}

[[noreturn]] void not_covered(const Grid& coarse, const Grid& fine) {
  throw InputError(
      {.problem = "coarse grid does not cover the fine one",
       .value = describe(coarse),
       .why = "the fine grid is " + describe(fine),
       .advice =
           "choose a smaller domain (domain/west, east, south, north) or other coarse cells"});
}

void check_cover(const Grid& coarse, const Grid& fine) {
  const auto& lat = fine.latitude.centre;
  bool covered = lat.front() >= coarse.latitude.edge.front() - tolerance &&
                 lat.back() <= coarse.latitude.edge.back() + tolerance;
  if (!coarse.periodic) {
    const auto& lon = fine.longitude.centre;
    const auto& edge = coarse.longitude.edge;
    const double turn =
        360 * std::round((edge.front() + edge.back() - lon.front() - lon.back()) / 2 / 360);
    covered = covered && lon.front() + turn >= coarse.longitude.edge.front() - tolerance &&
              lon.back() + turn <= coarse.longitude.edge.back() + tolerance;
  }
  if (!covered) not_covered(coarse, fine);
}

}  // namespace

Cut cut_domain(const Grid& source, const Options& options) {
  const DomainOptions& domain = options.domain;
  Range1 rows{0, source.n_rows()}, columns{0, source.n_columns()};
  const double south = std::isnan(domain.south) ? -90 : domain.south,
               north = std::isnan(domain.north) ? 90 : domain.north;
  rows = kept(source.n_rows(), [&](std::size_t i) {
    return source.latitude.centre[i] >= south - tolerance &&
           source.latitude.centre[i] <= north + tolerance;
  });
  if (!std::isnan(domain.west) && !std::isnan(domain.east))
    columns = columns_within(source, domain.west, domain.east);
  if (rows.n == 0 || columns.n == 0) {
    throw InputError(
        {.problem = "no cell of the fine source lies in the domain",
         .value = fmt::format("{}..{} E, {}..{} N", domain.west, domain.east, south, north),
         .why = "the source is " + describe(source),
         .advice = "mend domain/west, east, south, north"});
  }
  Cut cut = cut_grid(source, rows, columns);
  if (!std::isnan(domain.west)) {  // as the user counts longitudes, not as the source does
    Axis& longitude = cut.grid.longitude;
    const double turn =
        -360 * std::floor((longitude.centre.front() - domain.west + tolerance) / 360);
    for (auto* values : {&longitude.centre, &longitude.edge})
      for (double& value : *values) value += turn;
  }
  return cut;
}

Grid derived_coarse_grid(const Grid& fine, const Options& options) {
  const DomainOptions& domain = options.domain;
  const double step_lon = domain.coarse_step[0], step_lat = domain.coarse_step[1];
  const auto first_edge = [](double origin, double step, double low) {
    return origin + step * std::ceil((low - origin - tolerance) / step);
  };
  const auto n_cells = [](double first, double step, double high) {
    return static_cast<std::size_t>(std::max(0.0, std::floor((high - first + tolerance) / step)));
  };
  RegularCells cells;
  cells.step_longitude = step_lon;
  cells.step_latitude = step_lat;
  cells.south_edge = first_edge(domain.coarse_south, step_lat, fine.latitude.edge.front());
  cells.n_rows = n_cells(cells.south_edge, step_lat, fine.latitude.edge.back());
  if (fine.periodic) {
    cells.west_edge = domain.coarse_west;
    cells.n_columns = static_cast<std::size_t>(std::lround(360 / step_lon));
    if (std::abs(static_cast<double>(cells.n_columns) * step_lon - 360) > tolerance) {
      ErrorFacts facts = options.at("domain/coarse_step");
      facts.problem = "coarse cells do not go round the globe";
      facts.advice = "choose a width that divides 360 degrees";
      throw InputError(facts);
    }
  } else {
    cells.west_edge = first_edge(domain.coarse_west, step_lon, fine.longitude.edge.front());
    cells.n_columns = n_cells(cells.west_edge, step_lon, fine.longitude.edge.back());
  }
  if (cells.n_rows == 0 || cells.n_columns == 0) {
    ErrorFacts facts = options.at("domain/coarse_step");
    facts.problem = "coarse cells are larger than the domain";
    facts.why = "the fine grid is " + describe(fine);
    facts.advice = "choose smaller coarse cells or a larger domain";
    throw InputError(facts);
  }
  Grid coarse = regular_grid(cells);
  check_cover(coarse, fine);
  return coarse;
}

Cut cut_coarse(const Grid& source, const Grid& fine) {
  check_cover(source, fine);
  const double south = fine.latitude.edge.front(), north = fine.latitude.edge.back();
  Range1 rows = kept(source.n_rows(), [&](std::size_t i) {
    return source.latitude.edge[i + 1] > south + tolerance &&
           source.latitude.edge[i] < north - tolerance;
  });
  const std::size_t before = rows.first > 0 ? 1 : 0;
  const std::size_t after = rows.first + rows.n < source.n_rows() ? 1 : 0;
  rows = {rows.first - before, rows.n + before + after};
  Range1 columns{0, source.n_columns()};
  if (!fine.periodic) {
    const double half = (source.longitude.edge[1] - source.longitude.edge[0]) * 0.5;
    const double west = fine.longitude.edge.front() - 3 * half,
                 east = fine.longitude.edge.back() + 3 * half;
    if (east - west < 360) {
      columns = source.periodic
                    ? columns_within(source, west, east)
                    : kept(source.n_columns(), [&](std::size_t i) {
                        const double lon = source.longitude.centre[i];
                        const double turn = 360 * std::round(((west + east) / 2 - lon) / 360);
                        return lon + turn >= west - tolerance && lon + turn <= east + tolerance;
                      });
    }
  }
  return cut_grid(source, rows, columns);
}

Cut locate(const Grid& source, const Grid& wanted) {
  const auto nearest = [](const std::vector<double>& centres, double value, double turn) {
    std::size_t best = 0;
    double least = 1e9;
    for (std::size_t i = 0; i < centres.size(); ++i) {
      double distance = centres[i] - value;
      if (turn > 0) distance -= turn * std::round(distance / turn);
      if (std::abs(distance) < least) {
        least = std::abs(distance);
        best = i;
      }
    }
    return best;
  };
  const Range1 rows{nearest(source.latitude.centre, wanted.latitude.centre.front(), 0),
                    wanted.n_rows()};
  const Range1 columns{nearest(source.longitude.centre, wanted.longitude.centre.front(), 360),
                       wanted.n_columns()};
  const bool fits = rows.first + rows.n <= source.n_rows() && columns.n <= source.n_columns() &&
                    (source.periodic || columns.first + columns.n <= source.n_columns());
  Cut cut;
  if (fits) cut = cut_grid(source, rows, columns);
  if (!fits || !same_grid(cut.grid, wanted)) {
    throw InputError({.problem = "the coarse files have other cells than the sample store",
                      .value = describe(source),
                      .why = "the store's coarse grid is " + describe(wanted),
                      .advice = "remap them first, for example with cdo remapcon"});
  }
  return cut;
}

}  // namespace hindscale
