// SPDX-License-Identifier: Apache-2.0
// The training loop and what surrounds it.
#include "hindscale/train/training_run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "hindscale/core/commit.hpp"
#include "hindscale/core/error.hpp"
#include "hindscale/model/denoiser.hpp"
#include "hindscale/train/initial_weights.hpp"
#include "hindscale/train/training_state.hpp"

namespace hindscale {
namespace {

using Clock = std::chrono::steady_clock;

std::string list_of(const std::vector<Month>& months) {
  std::set<Month> distinct(months.begin(), months.end());
  std::string list;
  for (const Month month : distinct) list += (list.empty() ? "" : ", ") + month.to_string();
  return list;
}

nlohmann::json json_of(const std::optional<BestCheckpoint>& best) {
  if (!best) return nullptr;
  return {{"step", best->step}, {"score", best->score}};
}

/// The newest checkpoint in `root` that can be read, on every rank; empty where there is none yet.
/// InputError where there are some, but none of them can be. Collective.
std::string newest_checkpoint(const Context& context, const std::filesystem::path& root) {
  std::string found;
  together(context.comm, [&] {
    if (!context.comm.is_root()) return;
    make_directory(root);
    std::vector<std::string> rejected;
    const auto newest = newest_valid_checkpoint(root, rejected);
    for (const std::string& reason : rejected) context.log.warn("checkpoint left out: {}", reason);
    if (newest) found = newest->string();
    if (!newest && !rejected.empty()) {
      throw InputError({.problem = "no checkpoint of this training can be read",
                        .value = root.string(),
                        .why = rejected.front(),
                        .advice = "mend that, or move the folder away to train anew"});
    }
  });
  return broadcast(context.comm, found);
}

}  // namespace

TrainingRun::TrainingRun(const TrainingParts& parts, nlohmann::json description)
    : parts_(parts), description_(std::move(description)), root_(parts.options.training_path()) {}

void TrainingRun::resume() {
  const Communicator& comm = parts_.context.comm;
  const std::string found = newest_checkpoint(parts_.context, root_);
  std::int64_t step = 0;
  if (found.empty()) {
    begin_with_others(parts_.context, parts_.options.training, description_, parts_.trainer);
  } else {
    together(comm, [&] {
      const CheckpointContent checkpoint = read_checkpoint(found, CheckpointParts::all);
      require_same_training(checkpoint.state, description_, found);
      step = checkpoint.state.at("step").get<std::int64_t>();
      parts_.trainer.restore(checkpoint, step);
      if (checkpoint.state.contains(begun_with))
        description_[begun_with] = checkpoint.state.at(begun_with);
      const auto& position = checkpoint.state.at("position");
      restore_interval(position);
      last_loss_ = position.at("last_loss").is_null() ? NAN : double{position.at("last_loss")};
      const auto& best = checkpoint.state.at("best");
      if (!best.is_null())
        best_ = BestCheckpoint{best.at("step").get<std::int64_t>(), best.at("score").get<double>()};
    });
    last_checkpoint_ = found;
    parts_.context.log.info("going on from {} (step {} of {})", found, step,
                            parts_.options.training.steps);
  }
  together(comm, [&] {
    if (!comm.is_root()) return;
    const std::string& stage = parts_.options.training.stage;
    metrics_.emplace(parts_.options.fold_path() /
                         (stage == "diffusion" ? "metrics.jsonl" : "metrics_" + stage + ".jsonl"),
                     step);
    if (best_) write_best(root_, *best_);
  });
  first_step_ = step;
}

/// What a checkpoint of an older program does not tell is left out of the next line.
void TrainingRun::restore_interval(const nlohmann::json& position) {
  if (!position.contains("interval_loss")) return;
  interval_.n_steps = position.at("interval_steps").get<std::int64_t>();
  if (interval_.n_steps == 0) return;
  interval_.loss = LossTable(variable_weights(parts_.options.training.variable_weights,
                                              parts_.conditioning.content().n_variables()));
  interval_.loss.set_entries(position.at("interval_loss").get<std::vector<double>>());
}

StopWish TrainingRun::wish() const {
  return stop_signal_seen() || parts_.wall_time.spent() ? StopWish::stop : StopWish::none;
}

bool TrainingRun::is_due(std::int64_t interval) const {
  const std::int64_t step = parts_.trainer.step();
  return step == parts_.options.training.steps || (interval > 0 && step % interval == 0);
}

ExitCode TrainingRun::run() {
  const TrainingOptions& options = parts_.options.training;
  if (parts_.trainer.step() >= options.steps) {
    parts_.context.log.info("training is finished: all {} steps are done, nothing to do",
                            options.steps);
    warn_without_best();
    return ExitCode::done;
  }
  const bool has_stop_step = options.stop_step > 0 && options.stop_step < options.steps;
  if (has_stop_step && parts_.trainer.step() >= options.stop_step) {
    parts_.context.log.info("training/stop_step {} is already reached, nothing to do",
                            options.stop_step);
    return ExitCode::done;
  }
  interval_.start = start_ = Clock::now();
  while (parts_.trainer.step() < options.steps) {
    const StepReport report = parts_.trainer.compute_gradients(wish());
    require_finite(report);
    parts_.trainer.update(report);
    record(report);
    const bool stops = report.wants_stop || (has_stop_step && report.step >= options.stop_step);
    const std::optional<BestCheckpoint> best_before = best_;
    const auto pause = Clock::now();
    if (is_due(options.validate_every)) validate();
    const bool has_new_best = best_ && (!best_before || best_before->step != best_->step);
    if (stops || has_new_best || is_due(options.checkpoint_every)) write();
    interval_.start += Clock::now() - pause;  // patches/s are those of the training alone
    paused_ += Clock::now() - pause;
    if (stops && report.step < options.steps) {
      log_waiting();
      parts_.context.log.info("stopped after step {} of {}; run the same command again to go on",
                              report.step, options.steps);
      return ExitCode::stopped;
    }
  }
  log_waiting();
  warn_without_best();
  return ExitCode::done;
}

void TrainingRun::require_finite(const StepReport& report) const {
  const bool is_loss_finite = std::isfinite(report.loss);
  if (is_loss_finite && std::isfinite(report.gradient_norm)) return;
  throw InputError(
      {.problem =
           fmt::format("{} is not finite in training step {}",
                       is_loss_finite ? "the norm of the gradient" : "the loss", report.step),
       .value = fmt::format("{}", is_loss_finite ? report.gradient_norm : report.loss),
       .why = "months in the batch: " + list_of(parts_.trainer.months_of(report.step)),
       .advice = fmt::format("the last good checkpoint is {}; look at the data of these months, "
                             "lower training/learning_rate or training/gradient_clip",
                             last_checkpoint_.empty() ? "none" : last_checkpoint_)});
}

void TrainingRun::warn_without_best() const {
  if (best_) return;
  parts_.context.log.warn(
      "no validation score was finite, so that there is no best checkpoint for the next stage: "
      "look at &sampling and training/validation_steps and train again; 'reconstruct' can be given "
      "one instead, as reconstruct/checkpoint='{}'",
      last_checkpoint_);
}

bool TrainingRun::has_noise() const {
  return parts_.options.diffusion.prediction != name_of(Prediction::mean);
}

void TrainingRun::validate() {
  const InRegion validation(parts_.context.regions.get(), Region::validation);
  const auto start = Clock::now();
  const std::int64_t step = parts_.trainer.step();
  BestCheckpoint candidate{.step = step, .score = last_loss_};
  nlohmann::json line{{"step", step}};
  if (parts_.crps_validator != nullptr) {
    const LossTable loss = parts_.loss_validator.loss(parts_.trainer.average());
    const ValidationScore score = parts_.crps_validator->score(parts_.trainer.average());
    candidate.score = score.score;
    line["validation_loss"] = loss.all();
    add_parts(loss, "validation_", line);
    line["validation_crps"] = score.score;
    const auto& variables = parts_.conditioning.content().variables;
    for (std::size_t v = 0; v < variables.size(); ++v)
      line["validation_crps_by_variable"][variables[v]] = score.variables[v];
    line["validation_s"] = seconds_since(start);
    parts_.context.log.info("step {}/{}  validation: loss {:.4f}  CRPS / MAE of Lerp {:.4f}  {}",
                            step, parts_.options.training.steps, loss.all(), score.score,
                            text_of_duration(seconds_since(start)));
    parts_.context.log.info("  loss by variable: {}", text_by_variable(loss, variables));
    if (has_noise())
      parts_.context.log.info("  loss by noise level, from little to much: {}",
                              text_by_noise_level(loss));
    if (metrics_) metrics_->append(line);
  }
  if (!std::isfinite(candidate.score)) {
    parts_.context.log.warn(
        "the validation score of step {} is not finite; it cannot become the best", step);
    return;
  }
  // The score knows nothing of how true a field looks: of a GAN the newest checkpoint is the best.
  const bool is_gan = parts_.options.training.stage == "gan";
  if (!best_ || is_gan || candidate.score < best_->score) best_ = candidate;
}

CheckpointContent TrainingRun::content() const {
  CheckpointContent content;
  content.state = description_;
  content.model = tensors_of(parts_.conditioning.normalisation());
  content.state["step"] = parts_.trainer.step();
  content.state["position"] = {
      {"patches_seen", parts_.trainer.step() * parts_.options.training.batch},
      {"interval_loss", interval_.loss.entries()},
      {"interval_steps", interval_.n_steps},
      {"last_loss", last_loss_}};
  content.state["best"] = json_of(best_);
  content.state["written"] = timestamp_utc();
  parts_.trainer.save(content);
  if (parts_.mean != nullptr) save_mean_model(*parts_.mean, content);
  return content;
}

void TrainingRun::write() {
  const InRegion writing(parts_.context.regions.get(), Region::writing);
  const std::int64_t step = parts_.trainer.step();
  together(parts_.context.comm, [&] {
    if (!parts_.context.comm.is_root()) return;
    write_checkpoint(root_, step, content());
    if (best_) write_best(root_, *best_);
    keep_newest(root_, step, static_cast<std::size_t>(parts_.options.training.keep_checkpoints));
  });
  last_checkpoint_ = checkpoint_folder(root_, step).string();
}

}  // namespace hindscale
