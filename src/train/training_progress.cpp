// SPDX-License-Identifier: Apache-2.0
// The lines of a training in its log and in metrics.jsonl.
#include <algorithm>

#include "hindscale/train/training_run.hpp"

namespace hindscale {

void TrainingRun::record(const StepReport& report) {
  const TrainingOptions& options = parts_.options.training;
  interval_.loss.add(report.parts);
  interval_.n_steps += 1;
  interval_.data_s += report.data_s;
  interval_.reduction_s += report.reduction_s;
  data_s_ += report.data_s;
  reduction_s_ += report.reduction_s;
  if (report.adversary) add(*report.adversary);
  if (!is_due(options.log_every)) return;
  last_loss_ = interval_.loss.all();
  const double elapsed_s = seconds_since(start_);
  const double step_s = elapsed_s / static_cast<double>(report.step - first_step_);
  const double left_s = step_s * static_cast<double>(options.steps - report.step);
  // The first interval after a restart is shorter than the steps its loss is averaged over.
  const std::int64_t own_steps = std::min(interval_.n_steps, report.step - first_step_);
  const double speed = static_cast<double>(own_steps * options.batch) /
                       std::max(seconds_since(interval_.start), 1e-9);
  parts_.context.log.info(
      "step {}/{}  loss {:.4f}  rate {:.3g}  gradient {:.3g}  {:.1f} patches/s  left {}  waited "
      "{:.2f} s for data, {:.2f} s for other ranks",
      report.step, options.steps, last_loss_, report.learning_rate, report.gradient_norm, speed,
      text_of_duration(left_s), interval_.data_s, interval_.reduction_s);
  if (metrics_) {
    nlohmann::json line{{"step", report.step},
                        {"loss", last_loss_},
                        {"learning_rate", report.learning_rate},
                        {"gradient_norm", report.gradient_norm},
                        {"patches_per_s", speed},
                        {"left_s", left_s},
                        {"data_wait_s", interval_.data_s},
                        {"reduction_wait_s", interval_.reduction_s},
                        {"elapsed_s", elapsed_s}};
    add_parts(interval_.loss, "", line);
    log_adversary(line);
    metrics_->append(line);
  }
  interval_ = Interval{};
}

void TrainingRun::log_waiting() const {
  const double elapsed_s = std::max(seconds_since(start_ + paused_), 1e-9);
  parts_.context.log.info(
      "the root waited {:.2f} % of the training's time for data, {:.2f} % for other ranks",
      100 * data_s_ / elapsed_s, 100 * reduction_s_ / elapsed_s);
}

void TrainingRun::add(const AdversaryTerms& terms) {
  AdversaryTerms& sum = interval_.adversary;
  sum.discriminator += terms.discriminator;
  sum.adversarial += terms.adversarial;
  sum.feature += terms.feature;
  sum.trained += terms.trained;
  ++interval_.n_adversary_steps;
}

void TrainingRun::log_adversary(nlohmann::json& line) const {
  if (interval_.n_adversary_steps == 0) return;
  const auto n = static_cast<double>(interval_.n_adversary_steps);
  const AdversaryTerms& sum = interval_.adversary;
  line["discriminator_loss"] = sum.discriminator / n;
  line["adversarial_term"] = sum.adversarial / n;
  line["feature_term"] = sum.feature / n;
  line["discriminator_trained"] = sum.trained / n;
  parts_.context.log.info(
      "  discriminator: hinge loss {:.3f}, trained in {:.0f} % of the steps; adversarial term "
      "{:.3f}, feature term {:.3f}",
      sum.discriminator / n, 100 * sum.trained / n, sum.adversarial / n, sum.feature / n);
}

void TrainingRun::add_parts(const LossTable& loss, const std::string& prefix,
                            nlohmann::json& line) const {
  const auto& variables = parts_.conditioning.content().variables;
  const std::vector<double> by_variable = loss.by_variable();
  for (std::size_t v = 0; v < variables.size(); ++v) {
    line[prefix + "loss_by_variable"][variables[v]] = by_variable[v];
    if (!parts_.options.training.variable_weights.empty())
      line["variable_weights"][variables[v]] = loss.weights()[v];
  }
  if (has_noise()) line[prefix + "loss_by_noise_level"] = loss.by_noise_level();
}

}  // namespace hindscale
