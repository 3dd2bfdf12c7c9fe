// SPDX-License-Identifier: Apache-2.0
// The options of &world, the only group of a namelist for the stage 'world'.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "hindscale/namelist/option.hpp"
#include "hindscale/namelist/options.hpp"

namespace hindscale {

/// &world: which invented world is made, and which of its files. docs/world.md has its law.
struct WorldOptions {
  std::string directory;
  std::int64_t seed, realization;
  std::string relief_file, relief_name;
  double west, east, south, north, fine_step, coarse_step;
  std::string first_month, last_month;
  double warming_k;
  std::vector<std::int64_t> law_years;
  std::int64_t law_draws, law_quantiles, law_members, members;
  std::vector<std::int64_t> member_years;
  std::vector<double> member_doubt;

  std::string file{};                     ///< the namelist, as it was named
  std::map<std::string, Place> places{};  ///< by "group/key", only of options that were set
  std::vector<std::string> warnings{};    ///< of the reader, for the log: "file:line: text"

  WorldOptions() { describe(TakeDefaults{}); }

  template <class V>
  void describe(V&& visit) {
    describe_place(visit);
    describe_time(visit);
  }

 private:
  template <class V>
  void describe_place(V&& visit) {
    visit("directory", directory, "",
          {.meaning = "folder of the world; its files go into era5land/, 20crv3/, law/ and "
                      "reanalysis/ below it",
           .form = Form::filled,
           .is_required = true});
    visit("seed", seed, 1,
          {.unit = "1", .meaning = "seed of the invented weather", .range = at_least(0)});
    visit("realization", realization, 0,
          {.unit = "1",
           .meaning = "number of the small scales: other numbers give other fine fields with the "
                      "same coarse ones, drawn from the same law",
           .range = at_least(0)});
    visit("relief_file", relief_file, "/usr/share/ferret-vis/data/etopo5.cdf",
          {.meaning = "NetCDF file of the relief in m, sea floor negative; land is where it is "
                      "above 0",
           .form = Form::filled});
    visit("relief_name", relief_name, "ROSE", {.meaning = "name of the relief in relief_file"});
    visit("west", west, 70.0,
          {.unit = "degrees_east",
           .meaning = "western edge of the world",
           .range = between(-360, 360)});
    visit("east", east, 140.0,
          {.unit = "degrees_east",
           .meaning = "eastern edge of the world, less than a circle from the western one",
           .range = between(-360, 720)});
    visit("south", south, 15.0,
          {.unit = "degrees_north",
           .meaning = "southern edge of the world",
           .range = between(-75, 75)});
    visit("north", north, 55.0,
          {.unit = "degrees_north",
           .meaning = "northern edge of the world",
           .range = between(-75, 75)});
    visit("fine_step", fine_step, 0.5,
          {.unit = "degrees", .meaning = "width and height of a fine cell", .range = above(0)});
    visit("coarse_step", coarse_step, 5.0,
          {.unit = "degrees",
           .meaning = "width and height of a coarse cell: 4 to 40 fine cells; the sides of the "
                      "world are multiples of it",
           .range = above(0)});
  }

  template <class V>
  void describe_time(V&& visit) {
    visit("first_month", first_month, "1836-01",
          {.meaning = "first month of the fine and coarse fields", .form = Form::month});
    visit("last_month", last_month, "2021-12",
          {.meaning = "last month of the fine and coarse fields", .form = Form::month});
    visit("warming_k", warming_k, 1.5,
          {.unit = "K",
           .meaning = "warming from 1836 to 2021, growing with the square of time",
           .range = between(-10, 10)});
    visit("law_years", law_years, {},
          {.unit = "year",
           .meaning = "first and last year for which the exact law of the fine fields is written; "
                      "none: not at all",
           .range = between(0, 9999)});
    visit("law_draws", law_draws, 400,
          {.unit = "1",
           .meaning = "draws that the law of precipitation is taken from; memory of a rank: so "
                      "many fine fields",
           .range = between(50, 100000)});
    visit("law_quantiles", law_quantiles, 32,
          {.unit = "1",
           .meaning = "quantiles of precipitation in the law, at (i - 1/2) / n",
           .range = between(1, 500)});
    visit(
        "law_members", law_members, 0,
        {.unit = "1",
         .meaning = "members of the exact ensemble, written with the law: fine fields of law_years "
                    "that share the truth's coarse fields, drawn from the same law",
         .range = between(0, 999)});
    visit("members", members, 0,
          {.unit = "1",
           .meaning = "members of the imperfect reanalysis; 0: none is made",
           .range = between(0, 999)});
    visit("member_years", member_years, {1836, 2015},
          {.unit = "year",
           .meaning = "first and last year of the reanalysis",
           .range = between(0, 9999),
           .length = 2});
    visit("member_doubt", member_doubt, {0.6, 0.1},
          {.unit = "1",
           .meaning = "share of the variance of the large-scale weather that a member of the "
                      "reanalysis does not know, in its first and in its last year; linear between",
           .range = between(0, 1),
           .length = 2});
  }
};

/// Reads a namelist with the group &world alone, then overrides "world/key=value", and checks it.
/// NamelistError (an InputError) of problems.hpp. Every rank may call it alone.
WorldOptions read_world(const std::filesystem::path& file,
                        const std::vector<std::string>& overrides);
WorldOptions world_from_text(std::string_view text, const std::string& name,
                             const std::vector<std::string>& overrides);

}  // namespace hindscale
