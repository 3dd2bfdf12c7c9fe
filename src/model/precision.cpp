// SPDX-License-Identifier: Apache-2.0
#include "hindscale/model/precision.hpp"

#include "hindscale/core/error.hpp"
#include "hindscale/kernel/convolution.hpp"

namespace hindscale {

Precision precision_of(std::string_view name) {
  if (name == "float32") return Precision::float32;
  if (name == "bfloat16") return Precision::bfloat16;
  if (name == "auto") return has_bfloat16_arithmetic() ? Precision::bfloat16 : Precision::float32;
  throw InputError({.problem = "unknown precision",
                    .value = std::string(name),
                    .advice = "use 'auto', 'float32' or 'bfloat16'"});
}

std::string name_of(Precision precision) {
  return precision == Precision::float32 ? "float32" : "bfloat16";
}

torch::ScalarType type_of(Precision precision) {
  return precision == Precision::float32 ? torch::kFloat32 : torch::kBFloat16;
}

}  // namespace hindscale
