// SPDX-License-Identifier: Apache-2.0
// The probability flow with steps chosen by their error.
#pragma once

#include "hindscale/sampler/sampler.hpp"

namespace hindscale {

/// Carries each of y [n, c, h, w] along the flow from level `from` to level `to`, both > 0, in
/// either direction: Dormand and Prince's method of fifth order in the angle atan(r), each sample
/// with steps of its own.
torch::Tensor flow(const Process& process, const torch::Tensor& y, double from, double to,
                   double tolerance);

}  // namespace hindscale
