// SPDX-License-Identifier: Apache-2.0
// Passes over the weights of a network in training: each reads and writes its memory once.
#pragma once

#include <cstdint>

namespace hindscale::loops {

/// What one update of AdamW (Loshchilov and Hutter 2019) is made with.
struct AdamStep {
  float first_decay = 0;   ///< of the mean of gradients: beta1
  float second_decay = 0;  ///< of the mean of their squares: beta2
  float rate = 0;          ///< learning rate / (1 - beta1^n)
  float shrink = 0;        ///< 1 - learning rate * weight decay
  float inverse_root = 0;  ///< 1 / sqrt(1 - beta2^n)
  float epsilon = 0;
};

/// The weights it changes and their state, `n` values each, nowhere the same memory.
struct AdamMemory {
  float* weight = nullptr;
  float* first = nullptr;   ///< running mean of gradients
  float* second = nullptr;  ///< running mean of their squares
  std::int64_t n = 0;
};

/// weight = shrink weight - rate first / (inverse_root sqrt(second) + epsilon), after both means
/// took up the gradient.
void adamw(const AdamStep& step, const float* gradient, const AdamMemory& memory);

/// Sum of x^2, in double.
double square_sum(const float* x, std::int64_t n);

/// x += share (target - x).
void approach(const float* target, float share, std::int64_t n, float* x);

}  // namespace hindscale::loops
