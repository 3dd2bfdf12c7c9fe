// SPDX-License-Identifier: Apache-2.0
// Evaluation of any network by its own forward pass.
#pragma once

#include "hindscale/model/evaluator.hpp"

namespace hindscale {

/// Takes one sample after the other, so that none depends on the others. Owns a copy of the
/// network.
class ModuleEvaluator : public Evaluator {
 public:
  ModuleEvaluator(const FieldNetwork& network, const EvaluatorOptions& options);

  void evaluate(View<const float, 4> input, double time, View<float, 4> output) override;
  [[nodiscard]] std::size_t out_channels() const override;
  [[nodiscard]] std::size_t bytes() const override;

 private:
  FieldNetwork network_;
  EvaluatorOptions options_;
};

}  // namespace hindscale
