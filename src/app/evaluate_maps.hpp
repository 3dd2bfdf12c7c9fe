// SPDX-License-Identifier: Apache-2.0
// Maps of errors over the months of an evaluation, and the file that holds them.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "hindscale/comm/communicator.hpp"
#include "hindscale/core/array.hpp"
#include "hindscale/dataset/store_content.hpp"
#include "hindscale/grid/grid.hpp"

namespace hindscale {

/// Fields [y, x] of one month that the maps are made of.
struct MapFields {
  View<const float, 2> truth;
  View<const float, 2> lerp;
  View<const float, 2> ridge;   ///< a null view where there is none
  View<const float, 2> mean;    ///< of the members
  View<const float, 2> spread;  ///< of the members; NaN for one member
  View<const double, 2> weight;
};

/// A kind of map; names without the variable.
struct MapKind {
  std::string name;       ///< e.g. "rmse_lerp"
  std::string long_name;  ///< e.g. "root mean square error of Lerp"
};

/// RMSE of Lerp, ridge (where the store has one) and ensemble mean, spread of the members, bias of
/// their mean.
std::vector<MapKind> map_kinds(const StoreContent& content);

/// Sums over months for the maps of one variable. Each term is rounded to a fixed multiple of a
/// power of two, far below what a float shows, so that sums in double are exact and do not depend
/// on how the months are spread over the ranks (exact as long as a cell's squared errors stay below
/// 2000 times the squared range of the truth).
class MapSums {
 public:
  explicit MapSums(const StoreContent& content);
  /// Starts anew for a variable whose truth has this range.
  void set_range(double range);
  void add(const MapFields& month);
  /// Collective.
  void sum_over(const Communicator& comm);
  /// The map of a kind [y, x] over all months added, NaN where it has no value.
  [[nodiscard]] Array<float, 2> map(const MapKind& kind) const;

 private:
  Array<double, 3> sums_;       ///< one of the sums of the source file, then [y, x]
  double quantum_ = 1;          ///< of biases
  double squared_quantum_ = 1;  ///< of squares
};

/// Everything in the file but the maps.
struct MapFileSpec {
  std::filesystem::path path;
  const Grid* grid = nullptr;
  std::vector<std::pair<std::string, std::string>> global_attributes;
};

/// A map with its full name and unit.
struct MapVariable {
  std::string name;
  std::string long_name;
  std::string units;
};

/// Writes "<path>.part", defines all maps at once, takes them one by one and commits after reading
/// all of them back. Used by one rank. SystemError with path and reason where a call fails.
class MapFile {
 public:
  MapFile(const MapFileSpec& spec, const std::vector<MapVariable>& variables);
  ~MapFile();
  MapFile(const MapFile&) = delete;
  MapFile& operator=(const MapFile&) = delete;
  void write(const std::string& name, View<const float, 2> map);
  void commit();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace hindscale
