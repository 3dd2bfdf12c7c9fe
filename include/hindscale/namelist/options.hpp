// SPDX-License-Identifier: Apache-2.0
// The namelist of an experiment as typed options, and all that derives from their declarations.
#pragma once

#include <filesystem>
#include <iosfwd>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "hindscale/core/error.hpp"
#include "hindscale/namelist/calibration_options.hpp"
#include "hindscale/namelist/data_options.hpp"
#include "hindscale/namelist/gan_options.hpp"
#include "hindscale/namelist/machine_options.hpp"
#include "hindscale/namelist/network_options.hpp"
#include "hindscale/namelist/reconstruction_options.hpp"
#include "hindscale/namelist/sampling_options.hpp"
#include "hindscale/namelist/training_options.hpp"

namespace hindscale {

/// Where an option was set; an empty file: nowhere, it has its default.
struct Place {
  std::string file{};  ///< "command line" for an override
  int line = 0;
};

/// All options. A default-constructed value has every default; members are plain and may be set
/// freely.
struct Options {
  ExperimentOptions experiment{};
  DomainOptions domain{};
  DatasetOptions dataset{};
  ModelOptions model{};  ///< resolved: the preset's values are filled in by `read_options`
  DiffusionOptions diffusion{};
  TrainingOptions training{};
  GanOptions gan{};
  CalibrationOptions calibration{};
  MachineOptions machine{};
  ReconstructOptions reconstruct{};
  EnsembleOptions ensemble{};
  SamplingOptions sampling{};
  TileOptions tiling{};
  OutputOptions output{};
  EvaluationOptions evaluation{};

  std::string file{};                     ///< the namelist, as it was named
  std::map<std::string, Place> places{};  ///< by "group/key", only of options that were set
  std::vector<std::string> warnings{};    ///< of the reader, for the log: "file:line: text"

  /// Whether "group/key" was set in the file or on the command line.
  [[nodiscard]] bool is_set(std::string_view group_key) const;
  /// Facts for an error about "group/key": the place where it was set (for a default the file
  /// alone), its key, its value.
  [[nodiscard]] ErrorFacts at(std::string_view group_key) const;

  [[nodiscard]] std::filesystem::path store_path() const;        ///< dataset/store or its default
  [[nodiscard]] std::filesystem::path fold_path() const;         ///< <directory>, or folds/N in it
  [[nodiscard]] std::filesystem::path checkpoints_path() const;  ///< <fold_path>/checkpoints
  [[nodiscard]] std::filesystem::path regression_path() const;   ///< <fold_path>/regression
  [[nodiscard]] std::filesystem::path gan_path() const;          ///< <fold_path>/gan
  [[nodiscard]] std::filesystem::path training_path() const;     ///< that of training/stage
  /// Of the members with tiles moved by half a stride.
  [[nodiscard]] std::filesystem::path shifted_path() const {
    return reconstruction_path() / "shifted";
  }
  [[nodiscard]] std::filesystem::path reconstruction_path()
      const;  ///< reconstruct/directory or its default
  [[nodiscard]] std::filesystem::path evaluated_path()
      const;  ///< evaluation/reconstruction or its default
  [[nodiscard]] std::filesystem::path evaluation_path()
      const;  ///< evaluation/directory or its default
  /// The member whose noise a member is made of, with the opposite sign where it is another one
  /// (ensemble/antithetic).
  [[nodiscard]] int noise_of(int member) const {
    const bool is_second = ensemble.antithetic && !training.is_deterministic() && member % 2 == 0;
    return is_second ? member - 1 : member;
  }
  [[nodiscard]] std::string first_month() const;  ///< reconstruct/first_month or its default
  [[nodiscard]] std::string last_month() const;   ///< reconstruct/last_month or its default

  /// Calls visit.group(name, struct, meaning) for each group, in the order of the reference.
  template <class V>
  void describe(V&& visit) {
    visit.group("experiment", experiment,
                "the run as a whole, and the texts written into its data files");
    visit.group("domain", domain, "the rectangle of the fine grid, and the coarse grid");
    visit.group("dataset", dataset, "source files, variables, periods and the ridge baseline");
    visit.group("model", model, "the network");
    visit.group("diffusion", diffusion, "what the network learns to predict");
    visit.group("training", training, "the optimisation");
    visit.group("gan", gan, "the adversary of training/stage = 'gan'");
    visit.group("reconstruct", reconstruct, "which months are reconstructed, from what");
    visit.group("ensemble", ensemble, "the members");
    visit.group("sampling", sampling, "how noise becomes a field");
    visit.group("tiling", tiling, "the tiles a field is computed in");
    visit.group("output", output, "the data files");
    visit.group("evaluation", evaluation, "the scores");
    visit.group("calibration", calibration, "what 'calibrate' tries");
    visit.group("machine", machine, "what 'plan' reckons with");
  }
};

/// Reads a namelist file, then overrides "group/key=value" (strings with or without quotes),
/// resolves the preset and checks everything. All problems are reported together: NamelistError (an
/// InputError) of problems.hpp. Every rank may call it alone.
Options read_options(const std::filesystem::path& file, const std::vector<std::string>& overrides);

/// A namelist with the group &machine alone. NamelistError as above.
MachineOptions read_machine(const std::filesystem::path& file);

/// The same as read_options from text; `name` stands for the file in messages.
Options options_from_text(std::string_view text, const std::string& name,
                          const std::vector<std::string>& overrides);

/// Whether a sampler visits the levels of training ('time') rather than those of 'rho'. With
/// spacing 'auto' it does so for the schedules 'cosine' and 'vp', except where the first of those
/// levels, nearly pure noise, is too long a step for the sampler.
bool visits_training_levels(const SamplingOptions& sampling, const std::string& schedule);

/// The values of the preset for every key that is not in `given`; idempotent.
ModelOptions resolved(const ModelOptions& model);

/// The effective namelist, every option written out (unset ones as comments); `read_options` reads
/// it back to the same.
std::string to_namelist(const Options& options);

/// "group/key" -> text of the options that determine the values of a reconstruction.
std::map<std::string, std::string> value_options(const Options& options);

/// The reference of all groups and options, in markdown.
void describe_options(std::ostream& out);

}  // namespace hindscale
