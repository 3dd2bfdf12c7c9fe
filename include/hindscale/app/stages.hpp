// SPDX-License-Identifier: Apache-2.0
// The stages of an experiment, each one subcommand of the program. All ranks call them.
#pragma once

#include <filesystem>

#include "hindscale/comm/context.hpp"
#include "hindscale/core/error.hpp"
#include "hindscale/namelist/options.hpp"
#include "hindscale/namelist/world_options.hpp"

namespace hindscale {

/// Source files -> sample store.
ExitCode run_prepare(const Context& context, const Options& options);
/// Sample store -> checkpoints.
ExitCode run_train(const Context& context, const Options& options);
/// Checkpoint and validation months -> the sampler, its steps and its noise.
ExitCode run_calibrate(const Context& context, const Options& options);
/// Checkpoint and coarse fields -> ensemble of CF files.
ExitCode run_reconstruct(const Context& context, const Options& options);
/// Reconstruction and truth -> scores.
ExitCode run_evaluate(const Context& context, const Options& options);
/// Validates the namelist and its inputs and prints the plan; computes nothing.
ExitCode run_check(const Context& context, const Options& options);
/// Prints what training and reconstruction cost on the machine of &machine. Rates that it does not
/// give are measured with the ranks of this run.
ExitCode run_plan(const Context& context, const Options& options);
/// Terrain -> the files of an invented world whose truth and law are known.
ExitCode run_world(const Context& context, const WorldOptions& options);
/// Says what a file or folder is.
ExitCode run_info(const Context& context, const std::filesystem::path& path);

}  // namespace hindscale
