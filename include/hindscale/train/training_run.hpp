// SPDX-License-Identifier: Apache-2.0
// A training from its newest checkpoint to its end: progress, validation, checkpoints, clean stops.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "hindscale/comm/context.hpp"
#include "hindscale/core/stop.hpp"
#include "hindscale/train/mean_fit.hpp"
#include "hindscale/train/metrics.hpp"
#include "hindscale/train/trainer.hpp"
#include "hindscale/train/validation.hpp"

namespace hindscale {

/// What a run works with; all outlive it.
struct TrainingParts {
  const Context& context;
  const Options& options;
  const Conditioning& conditioning;
  Trainer& trainer;
  const LossValidator& loss_validator;
  const CrpsValidator* crps_validator =
      nullptr;  ///< none where the store holds no validation months
  const WallTime& wall_time;
  const FittedMean* mean = nullptr;  ///< kept in every checkpoint; none unless CorrDiff
};

/// Owns the metrics file and the record of the best step. Every member function is collective.
class TrainingRun {
 public:
  /// `description`: of `describe_training`, the head of each checkpoint's state.
  TrainingRun(const TrainingParts& parts, nlohmann::json description);

  /// Goes on from the newest valid checkpoint where there is one; rejected ones are named in the
  /// log. InputError where it belongs to another training.
  void resume();
  /// Steps until the training is finished (done) or stopped early by stop_step, wall time or a
  /// signal (stopped), each with a checkpoint. InputError naming step, months and last good
  /// checkpoint when loss or gradient is not finite.
  ExitCode run();

 private:
  struct Interval {  ///< since the last line of progress
    LossTable loss;
    std::int64_t n_steps = 0;
    AdversaryTerms adversary{};  ///< sums over the steps that had one
    std::int64_t n_adversary_steps = 0;
    double data_s = 0;
    double reduction_s = 0;
    std::chrono::steady_clock::time_point start = std::chrono::steady_clock::now();
  };
  void require_finite(const StepReport& report) const;
  void record(const StepReport& report);
  void validate();
  void add(const AdversaryTerms& terms);
  void log_adversary(nlohmann::json& line) const;
  void add_parts(const LossTable& loss, const std::string& prefix, nlohmann::json& line) const;
  void write();
  void restore_interval(const nlohmann::json& position);
  void log_waiting() const;
  /// Where the next stage will miss one.
  void warn_without_best() const;
  [[nodiscard]] bool has_noise() const;
  [[nodiscard]] CheckpointContent content() const;
  [[nodiscard]] StopWish wish() const;
  [[nodiscard]] bool is_due(std::int64_t interval) const;

  TrainingParts parts_;
  nlohmann::json description_;
  std::filesystem::path root_;
  std::optional<MetricsFile> metrics_;  ///< on the root rank
  std::optional<BestCheckpoint> best_;
  std::string last_checkpoint_;
  Interval interval_;
  double last_loss_ = 0;
  std::chrono::steady_clock::duration paused_{};  ///< for validations and checkpoints
  double data_s_ = 0, reduction_s_ = 0;           ///< waited in all steps of this run
  std::int64_t first_step_ = 0;                   ///< of this run
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace hindscale
