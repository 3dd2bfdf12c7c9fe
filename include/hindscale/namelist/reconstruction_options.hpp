// SPDX-License-Identifier: Apache-2.0
// The options of &reconstruct, &ensemble, &output and &evaluation, each declared once.
#pragma once

#include "hindscale/namelist/option.hpp"

namespace hindscale {

/// &reconstruct: which months, from which network and coarse fields.
struct ReconstructOptions {
  std::string checkpoint, directory, weights, first_month, last_month;
  std::vector<std::string> coarse_files, coarse_names;
  std::int64_t coarse_members;
  std::string adjustment;
  bool elsewhere;

  ReconstructOptions() { describe(TakeDefaults{}); }

  template <class V>
  void describe(V&& visit) {
    visit("checkpoint", checkpoint, "",
          {.meaning = "folder of the checkpoint",
           .default_text = "the best that training/stage made in experiment/directory"});
    visit("directory", directory, "",
          {.meaning = "folder of the data files and their manifest",
           .default_text = "reconstruction/ in experiment/directory"});
    visit("weights", weights, "average",
          {.meaning = "weights of the network: their running 'average' over the training, or the "
                      "'raw' last ones",
           .choices = {"average", "raw"},
           .determines_values = true});
    visit("first_month", first_month, "",
          {.meaning = "first month to reconstruct, as 'YYYY-MM'",
           .form = Form::month,
           .default_text = "January of the first of dataset/test_years"});
    visit("last_month", last_month, "",
          {.meaning = "last month to reconstruct, as 'YYYY-MM'",
           .form = Form::month,
           .default_text = "December of the last of dataset/test_years"});
    visit(
        "coarse_files", coarse_files, {},
        {.meaning = "NetCDF files of the coarse fields of another period or source; '{member}' in "
                    "them stands for the number of the member of that source, of three digits",
         .default_text = "the coarse fields of the store"});
    visit("coarse_names", coarse_names, {},
          {.meaning = "names of the variables in coarse_files, one for each of dataset/variables",
           .default_text = "found by standard name"});
    visit("coarse_members", coarse_members, 0,
          {.unit = "1",
           .meaning = "members of the source in coarse_files, where '{member}' stands for their "
                      "numbers 1, 2, ...: they drive the members of the ensemble in turn, number n "
                      "the n-th and, past the last, from the first again. 0: one source drives all",
           .range = between(0, 999),
           .determines_values = true});
    visit("adjustment", adjustment, "none",
          {.meaning = "how 'prepare' fits the source in coarse_files to the coarse fields of the "
                      "training years, for each calendar month, variable and coarse cell: not at "
                      "all, 'mean' by a shift (a factor for what is never negative), 'quantile' by "
                      "a mapping of quantiles",
           .choices = {"none", "mean", "quantile"},
           .determines_values = true});
    visit("elsewhere", elsewhere, false,
          {.meaning = "the store is of another region than the one the network was trained on: "
                      "what belongs to single cells (mean and scale of the target, ranges of "
                      "'minmax') is fitted to the training years of the store, what belongs to "
                      "whole variables stays as in the training",
           .determines_values = true});
  }

  /// The member of the source in coarse_files that drives a member of the ensemble (both count from
  /// 1); 0 where one source drives all.
  [[nodiscard]] int driver_of(int member) const {
    return coarse_members == 0 ? 0 : (member - 1) % static_cast<int>(coarse_members) + 1;
  }
};

/// &ensemble: how many members, and how many at a time.
struct EnsembleOptions {
  std::int64_t members, first_member, batch, members_per_unit, ranks_per_field;
  bool antithetic;

  EnsembleOptions() { describe(TakeDefaults{}); }

  template <class V>
  void describe(V&& visit) {
    visit("members", members, 16,
          {.unit = "1",
           .meaning = "members of the ensemble to reconstruct",
           .range = between(1, 1e6)});
    visit("first_member", first_member, 1,
          {.unit = "1",
           .meaning = "number of the first member; a member is the same whatever others are made",
           .range = between(1, 1e8)});
    visit("batch", batch, 8,
          {.unit = "1",
           .meaning = "network inputs of one call (tiles of members and months); more need more "
                      "memory and change no result",
           .range = at_least(1)});
    visit("members_per_unit", members_per_unit, 4,
          {.unit = "1",
           .meaning = "members of one unit of work, which one group of ranks takes at a time",
           .range = at_least(1)});
    visit("ranks_per_field", ranks_per_field, 1,
          {.unit = "1",
           .meaning = "ranks of a group, which computes one field together, each some of its "
                      "tiles; divides the number of ranks and changes no result",
           .range = at_least(1)});
    visit("antithetic", antithetic, false,
          {.meaning = "members in pairs 1 and 2, 3 and 4, ..., the second of each made of the "
                      "first one's noise with the opposite sign: as far as a field is linear in "
                      "its noise, their mean is that of infinitely many. Standard deviation and "
                      "probabilistic scores are then of the first of each pair, since the two are "
                      "not independent",
           .determines_values = true});
  }
};

/// &output: the form of the data files.
struct OutputOptions {
  std::string format;
  std::int64_t deflate, keep_bits, years_per_file;
  bool members, statistics;
  std::vector<double> quantiles;

  OutputOptions() { describe(TakeDefaults{}); }

  template <class V>
  void describe(V&& visit) {
    visit("format", format, "cdf5",
          {.meaning = "file format: 'cdf5' is fast and uncompressed, 'netcdf4' compressed",
           .choices = {"cdf5", "netcdf4"},
           .determines_values = true});
    visit("deflate", deflate, 1,
          {.unit = "1",
           .meaning = "compression level of 'netcdf4'; 0: none",
           .range = between(0, 9),
           .determines_values = true});
    visit("keep_bits", keep_bits, 0,
          {.unit = "bits",
           .meaning = "significant bits kept of each value (BitRound), 'netcdf4' only; 0: all",
           .range = between(0, 23),
           .determines_values = true});
    visit("years_per_file", years_per_file, 10,
          {.unit = "years",
           .meaning = "years in one data file",
           .range = at_least(1),
           .determines_values = true});
    visit("members", members, true, {.meaning = "keep the files of the members"});
    visit("statistics", statistics, true,
          {.meaning = "write mean and standard deviation over the members"});
    visit("quantiles", quantiles, {0.05, 0.5, 0.95},
          {.unit = "1",
           .meaning = "quantiles over the members to write, which needs their files "
                      "(output/members) and output/statistics; 'quantiles =' for none",
           .range = inside(0, 1),
           .default_text = "0.05, 0.5, 0.95; none where output/members is .false."});
  }
};

/// &evaluation: the scores.
struct EvaluationOptions {
  std::string directory, reconstruction, law;
  std::vector<std::string> others;
  std::int64_t bootstrap_samples, bootstrap_block;
  std::vector<std::int64_t> members;
  std::string spectrum;

  EvaluationOptions() { describe(TakeDefaults{}); }

  template <class V>
  void describe(V&& visit) {
    visit(
        "directory", directory, "",
        {.meaning = "folder of scores.json and the maps", .default_text = "experiment/directory"});
    visit("reconstruction", reconstruction, "",
          {.meaning = "folder of the reconstruction to score",
           .default_text = "reconstruct/directory"});
    visit("law", law, "",
          {.meaning =
               "folder of the law that the truth was drawn from, as 'world' writes it to law/: "
               "scored as the method 'exact', and each method's share of the attainable skill "
               "with it",
           .default_text = "none"});
    visit("others", others, {},
          {.meaning = "other reconstructions of the same months to score beside this one, each as "
                      "'name=folder': the mean over the members of each is a method of that name, "
                      "and the ensemble is compared with it month by month"});
    visit("bootstrap_samples", bootstrap_samples, 1000,
          {.unit = "1",
           .meaning = "resamples behind the 95 % intervals; 0: no intervals",
           .range = at_least(0)});
    visit("bootstrap_block", bootstrap_block, 3,
          {.unit = "months",
           .meaning = "length of the blocks of months that are resampled together",
           .range = at_least(1)});
    visit("members", members, {},
          {.unit = "1",
           .meaning = "ensemble sizes to score, each made of the first members",
           .range = at_least(1),
           .default_text = "1, 2, 4, ... and all"});
    visit("spectrum", spectrum, "auto",
          {.meaning = "power spectra along circles of latitude ('zonal') or over all directions "
                      "('radial'); 'auto': zonal for global domains, else radial",
           .choices = {"auto", "zonal", "radial"}});
  }
};

}  // namespace hindscale
