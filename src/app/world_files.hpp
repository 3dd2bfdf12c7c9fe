// SPDX-License-Identifier: Apache-2.0
// The files of a generated world, each made alone by one rank.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "hindscale/io/field_file.hpp"
#include "hindscale/io/given_file.hpp"
#include "hindscale/namelist/world_options.hpp"
#include "hindscale/world/world.hpp"

namespace hindscale {

/// What one rank makes at a time: one file, or those of a year of the law or of its members.
struct WorldUnit {
  enum class Kind {
    statics,          ///< era5land/elevation.nc, era5land/lsm.nc
    coarse,           ///< 20crv3/20crv3.mon.mean.nc
    reanalysis_mean,  ///< reanalysis/mean.nc
    member,           ///< reanalysis/mem001.nc, ...
    fine,             ///< era5land/era5land_1836.nc, ...
    law,              ///< law/uas_mean_201601-201612.nc, ...
    law_members       ///< law/uas_r001_201601-201612.nc, ...
  };
  Kind kind = Kind::statics;
  int number = 0;  ///< the member, or the year
};

/// Makes and commits the files of a world. A finished file tells the options it was made with: it
/// is left as it is where they are the same, and refused (InputError) where they are not.
class WorldFiles {
 public:
  /// `relief_sha256`: digest of the relief file.
  WorldFiles(const WorldOptions& options, const std::string& relief_sha256);

  /// Every unit, the longest ones first.
  [[nodiscard]] std::vector<WorldUnit> units() const;
  /// Whether all files of the unit are finished.
  [[nodiscard]] bool is_finished(const WorldUnit& unit) const;
  /// Bytes of all files, finished or not, and some for their headers.
  [[nodiscard]] std::uintmax_t bytes() const;
  void make(const WorldUnit& unit) const;
  [[nodiscard]] const world::World& world() const { return world_; }

 private:
  /// A file of the law: a variable and a statistic or a member.
  struct LawFile {
    std::size_t variable;
    std::string kind;  ///< mean, std, quantiles, r001, ...
    int member;        ///< 0 for a statistic
    std::filesystem::path path;
  };
  [[nodiscard]] std::vector<Month> months_of(const WorldUnit& unit) const;
  [[nodiscard]] std::string recipe_of(const WorldUnit& unit) const;
  [[nodiscard]] std::vector<std::filesystem::path> paths_of(const WorldUnit& unit) const;
  [[nodiscard]] TextAttributes attributes_of(const WorldUnit& unit, const std::string& title) const;
  [[nodiscard]] Array<float, 3> coarse_of(const WorldUnit& unit, Month month) const;
  [[nodiscard]] std::vector<LawFile> law_files(const WorldUnit& unit) const;
  [[nodiscard]] FieldFileSpec law_spec(const WorldUnit& unit, const LawFile& file) const;
  [[nodiscard]] bool is_masked(std::size_t i) const;
  /// NaN in masked cells of fields [i, y, x].
  void hide_sea(View<float, 3> fields) const;
  void make_statics(const WorldUnit& unit) const;
  void make_coarse(const WorldUnit& unit) const;
  void make_fine(const WorldUnit& unit) const;
  void make_law(const WorldUnit& unit) const;
  void make_law_members(const WorldUnit& unit) const;

  WorldOptions options_;
  std::string relief_sha256_;
  std::filesystem::path folder_;
  world::World world_;
};

}  // namespace hindscale
