// SPDX-License-Identifier: Apache-2.0
// The options of &experiment, &domain and &dataset, each declared once.
#pragma once

#include "hindscale/namelist/option.hpp"

namespace hindscale {

/// &experiment: what the run is called, where it lives, how long it may take.
struct ExperimentOptions {
  std::string directory;
  std::int64_t seed;
  std::int64_t threads;
  std::string title, institution, source, references, comment;
  double wall_time_s;

  ExperimentOptions() { describe(TakeDefaults{}); }

  template <class V>
  void describe(V&& visit) {
    visit(
        "directory", directory, "",
        {.meaning =
             "folder of the experiment; store, checkpoints, reconstruction and scores go below it",
         .form = Form::filled,
         .is_required = true});
    visit("seed", seed, 1,
          {.unit = "1",
           .meaning = "seed of every random number: initial weights, order of training patches, "
                      "noise of the members",
           .range = at_least(0),
           .determines_values = true});
    visit("threads", threads, 1,
          {.unit = "1",
           .meaning = "threads each MPI rank uses for the network",
           .range = at_least(1),
           .determines_values = true});
    visit("title", title, "Hindscale reconstruction",
          {.meaning = "global attribute 'title' of the data files", .determines_values = true});
    visit(
        "institution", institution, "",
        {.meaning = "global attribute 'institution' of the data files", .determines_values = true});
    visit(
        "source", source, "",
        {.meaning =
             "global attribute 'source' of the data files: the data and model the fields come from",
         .determines_values = true});
    visit(
        "references", references, "",
        {.meaning = "global attribute 'references' of the data files", .determines_values = true});
    visit("comment", comment, "",
          {.meaning = "global attribute 'comment' of the data files", .determines_values = true});
    visit("wall_time_s", wall_time_s, 0.0,
          {.unit = "s",
           .meaning = "time budget of one run of train or reconstruct; when it is spent, the run "
                      "saves its state and exits "
                      "75, and the same command goes on. 0: no budget",
           .range = at_least(0)});
  }
};

/// &domain: the rectangle of the fine grid and where the coarse field comes from.
struct DomainOptions {
  double west, east, south, north;
  std::string coarse;
  double coarse_west, coarse_south;
  std::vector<double> coarse_step;

  DomainOptions() { describe(TakeDefaults{}); }

  template <class V>
  void describe(V&& visit) {
    visit("west", west, unset,
          {.unit = "degrees_east",
           .meaning = "westernmost centre of a fine cell; unset: the whole source grid",
           .range = between(-360, 720),
           .default_text = "unset"});
    visit("east", east, unset,
          {.unit = "degrees_east",
           .meaning = "easternmost centre of a fine cell; unset: the whole source grid",
           .range = between(-360, 720),
           .default_text = "unset"});
    visit("south", south, unset,
          {.unit = "degrees_north",
           .meaning = "southernmost centre of a fine cell; unset: the whole source grid",
           .range = between(-90, 90),
           .default_text = "unset"});
    visit("north", north, unset,
          {.unit = "degrees_north",
           .meaning = "northernmost centre of a fine cell; unset: the whole source grid",
           .range = between(-90, 90),
           .default_text = "unset"});
    visit("coarse", coarse, "derived",
          {.meaning = "coarse field: 'derived' averages the fine field over coarse cells "
                      "(perfect-model training), 'file' reads dataset/coarse_files",
           .choices = {"derived", "file"}});
    visit("coarse_west", coarse_west, 0.0,
          {.unit = "degrees_east",
           .meaning = "western edge of the first coarse column, where the coarse field is derived",
           .range = between(-360, 720)});
    visit("coarse_south", coarse_south, -90.0,
          {.unit = "degrees_north",
           .meaning = "southern edge of the first coarse row, where the coarse field is derived",
           .range = between(-90, 90)});
    visit("coarse_step", coarse_step, {10.0, 10.0},
          {.unit = "degrees",
           .meaning = "width and height of a coarse cell (longitude, latitude), where the coarse "
                      "field is derived",
           .range = above(0),
           .length = 2});
  }
};

/// &dataset: source files, variables, periods, and the ridge baseline fitted to them.
struct DatasetOptions {
  std::string store;
  std::vector<std::string> fine_files, variables, fine_names, coarse_files, coarse_names;
  std::string relief_file, relief_name, mask_file, mask_name;
  std::vector<std::string> transforms;
  std::vector<double> boxcox_lambda;
  double boxcox_offset;
  std::vector<std::int64_t> train_years, validation_years, test_years;
  bool ridge, local_ridge;
  std::vector<std::int64_t> ridge_windows, local_ridge_harmonics;
  std::vector<double> ridge_penalties, local_ridge_decays;

  DatasetOptions() { describe(TakeDefaults{}); }

  template <class V>
  void describe(V&& visit) {
    visit("store", store, "",
          {.meaning = "HDF5 file of the prepared samples",
           .default_text = "samples.h5 in experiment/directory"});
    visit("fine_files", fine_files, {},
          {.meaning = "NetCDF files of the fine (true) fields, of all variables or of one each"});
    visit(
        "variables", variables, {"uas", "vas"},
        {.meaning = "variables reconstructed jointly, by their CMIP names", .form = Form::filled});
    visit("fine_names", fine_names, {},
          {.meaning = "names of the variables in fine_files, one for each of dataset/variables",
           .default_text = "found by standard name"});
    visit("coarse_files", coarse_files, {},
          {.meaning = "NetCDF files of the coarse fields, of all variables or of one each, read "
                      "where domain/coarse is 'file'"});
    visit("coarse_names", coarse_names, {},
          {.meaning = "names of the variables in coarse_files, one for each of dataset/variables",
           .default_text = "found by standard name"});
    visit("relief_file", relief_file, "",
          {.meaning = "NetCDF file of the terrain height, or of the geopotential at the ground; "
                      "sea floor negative or 0"});
    visit("relief_name", relief_name, "",
          {.meaning = "name of the terrain height in relief_file",
           .default_text = "found by standard name"});
    visit("mask_file", mask_file, "",
          {.meaning = "NetCDF file of the land fraction (0 to 1)",
           .default_text = "land is where the relief is above 0 m"});
    visit("mask_name", mask_name, "",
          {.meaning = "name of the land fraction in mask_file",
           .default_text = "found by standard name"});
    visit("transforms", transforms, {},
          {.meaning = "function applied to each variable before it is normalised: 'log1p' "
                      "log(1 + x), x in the unit of the store, for values about or above 1; "
                      "'boxcox' a power of x over its training mean, for precipitation; 'minmax' "
                      "the training range of each cell to 0 .. 1, to which the output is clamped, "
                      "as published for DPDM",
           .choices = {"identity", "log1p", "boxcox", "minmax"},
           .default_text = "'identity' for each"});
    visit("boxcox_lambda", boxcox_lambda, {},
          {.unit = "1",
           .meaning = "power of 'boxcox', one for each of dataset/variables (unused where another "
                      "function is applied): 1 none, 0 the logarithm",
           .range = between(0, 2),
           .default_text = "of greatest likelihood on the training years"});
    visit("boxcox_offset", boxcox_offset, 0.01,
          {.unit = "training means",
           .meaning = "added to the values before 'boxcox', so that zero has a logarithm",
           .range = above(0)});
    visit("train_years", train_years, {},
          {.unit = "year",
           .meaning =
               "first and last year the network, the statistics and the ridge baseline learn from",
           .range = between(0, 9999),
           .length = 2,
           .is_required = true});
    visit("validation_years", validation_years, {},
          {.unit = "year",
           .meaning = "first and last year on which checkpoints and ridge settings are chosen",
           .range = between(0, 9999),
           .length = 2,
           .is_required = true});
    visit("test_years", test_years, {},
          {.unit = "year",
           .meaning = "first and last year of the final scores, seen by nothing before",
           .range = between(0, 9999),
           .length = 2,
           .is_required = true});
    visit("ridge", ridge, true,
          {.meaning = "fit the ridge baseline: for each fine cell a regression of the error of "
                      "corrected Lerp on the coarse anomalies around it"});
    visit("ridge_windows", ridge_windows, {3, 5},
          {.unit = "coarse cells",
           .meaning =
               "widths of the square window of predictors to choose from on the validation years",
           .range = at_least(1),
           .form = Form::odd});
    visit("ridge_penalties", ridge_penalties, {0.03, 0.1, 0.3, 1, 3, 10},
          {.unit = "1",
           .meaning = "ridge penalties to choose from on the validation years, relative to the "
                      "mean variance of the predictors",
           .range = above(0)});
    visit("local_ridge", local_ridge, true,
          {.meaning = "with dataset/ridge, fit the local ridge too: anomalies count from a smooth "
                      "seasonal cycle, and predictors count less the farther off they are; better "
                      "than the ridge where there are few training years"});
    visit("local_ridge_harmonics", local_ridge_harmonics, {0, 1, 2},
          {.unit = "1",
           .meaning = "harmonics of the year in the seasonal cycle of the local ridge to choose "
                      "from on the validation years; 0: the mean of each calendar month",
           .range = between(0, 2)});
    visit("local_ridge_decays", local_ridge_decays, {0, 0.35, 0.7, 1},
          {.unit = "1 / coarse cell",
           .meaning = "rates at which predictors of the local ridge count less with distance to "
                      "choose from on the validation years: exp(-rate * distance)",
           .range = at_least(0)});
  }
};

}  // namespace hindscale
