// SPDX-License-Identifier: Apache-2.0
// Checkpoints: folders of data that count only when complete, verified and marked DONE.
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "hindscale/model/network.hpp"

namespace hindscale {

/// What a checkpoint holds. Names of `model`: "raw.<parameter>", "average.<parameter>",
/// "transform.<name>". Tensors are float32, float64 or int64. The key "files" of `state` belongs to
/// this module (bytes and SHA-256 of each file).
struct CheckpointContent {
  nlohmann::json state;
  NamedTensors model;
  NamedTensors optimizer;
};

enum class CheckpointParts { model_only, all };

/// "<root>/step_NNNNNNNN".
std::filesystem::path checkpoint_folder(const std::filesystem::path& root, std::int64_t step);

/// Writes "<root>/step_NNNNNNNN": into a ".part" folder, fsynced, verified, renamed, root fsynced.
/// A folder of that step that is already there is replaced. One rank calls it. InputError for a
/// tensor that is not finite, SystemError on I/O failure.
void write_checkpoint(const std::filesystem::path& root, std::int64_t step,
                      const CheckpointContent& content);

/// Reads one, on the host. InputError with the reason where DONE is missing or wrong, a file is
/// missing, its size or digest is not the recorded one, it is no valid archive, or a tensor holds a
/// value that is not finite (its name is given).
CheckpointContent read_checkpoint(const std::filesystem::path& folder, CheckpointParts parts);

/// The digest that identifies a checkpoint (SHA-256 of its state.json, which holds those of the
/// others), as DONE records it.
std::string checkpoint_digest(const std::filesystem::path& folder);

/// The steps that have a folder, ascending, valid or not.
std::vector<std::int64_t> checkpoint_steps(const std::filesystem::path& root);

/// The newest folder that reads without error; nothing where there is none. Each newer one that
/// does not is described in `rejected`.
std::optional<std::filesystem::path> newest_valid_checkpoint(const std::filesystem::path& root,
                                                             std::vector<std::string>& rejected);

/// The record of the best step so far: "<root>/best.json". Lower scores are better.
struct BestCheckpoint {
  std::int64_t step = 0;
  double score = 0;
};
void write_best(const std::filesystem::path& root, const BestCheckpoint& best);
std::optional<BestCheckpoint> read_best(const std::filesystem::path& root);
/// Its folder. InputError where there is no record or no such folder.
std::filesystem::path best_checkpoint(const std::filesystem::path& root);

/// Removes a checkpoint, or what is left of one. SystemError where that fails.
void remove_checkpoint(const std::filesystem::path& folder);

/// Of the checkpoints up to step `last`, which was just written, keeps the newest `n` and the best.
/// Removes the others, those of later steps (damaged, or training would have gone on from them) and
/// parts left behind by a run that was killed.
void keep_newest(const std::filesystem::path& root, std::int64_t last, std::size_t n);

}  // namespace hindscale
