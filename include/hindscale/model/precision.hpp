// SPDX-License-Identifier: Apache-2.0
// The numbers that a network computes with.
#pragma once

#include <torch/types.h>

#include <string>
#include <string_view>

namespace hindscale {

/// What feature maps and the weights that meet them are held in; sums, moments and time stay in
/// float32, as do the weights that training changes.
enum class Precision { float32, bfloat16 };

/// "float32" or "bfloat16", or "auto": bfloat16 where this processor, or a GPU that this build
/// uses, computes with it. InputError for another name, and for "bfloat16" on a processor without
/// AVX-512.
Precision precision_of(std::string_view name);
std::string name_of(Precision precision);
torch::ScalarType type_of(Precision precision);

}  // namespace hindscale
