// SPDX-License-Identifier: Apache-2.0
#include "hindscale/model/precision.hpp"

#include "hindscale/core/error.hpp"
#include "hindscale/kernel/convolution.hpp"
#include "hindscale/model/devices.hpp"

namespace hindscale {

Precision precision_of(std::string_view name) {
  if (name == "float32") return Precision::float32;
  const BFloat16Support support =
      visible_gpus() > 0 ? BFloat16Support::arithmetic : bfloat16_support();
  if (name == "auto")
    return support == BFloat16Support::arithmetic ? Precision::bfloat16 : Precision::float32;
  if (name == "bfloat16" && support != BFloat16Support::none) return Precision::bfloat16;
  if (name == "bfloat16") {
    throw InputError({.problem = "this processor cannot compute with",
                      .value = std::string(name),
                      .why = "that takes AVX-512",
                      .advice = "use 'auto' or 'float32'"});
  }
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
