// SPDX-License-Identifier: Apache-2.0
// Choices of what the network sees, and comparisons.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "hindscale/dataset/conditioning.hpp"
#include "synthetic_store.hpp"

namespace hindscale::test {

inline constexpr std::size_t training_month = 13;
inline constexpr std::size_t validation_month = 40;
inline constexpr float rounding = 2e-5F;  // of values of about 5 after a few operations in float

inline ConditioningOptions options_of(const std::string& target, const std::string& base,
                                      const std::string& scaling,
                                      const std::string& consistency = "none") {
  ConditioningOptions options;
  options.diffusion.target = target;
  options.diffusion.base = base;
  options.diffusion.scaling = scaling;
  options.diffusion.consistency = consistency;
  return options;
}

inline void for_each_option(const std::function<void(const ConditioningOptions&)>& check) {
  for (const char* target : {"field", "residual"}) {
    for (const char* base : {"lerp", "lerp_corrected", "ridge", "local_ridge"}) {
      for (const char* scaling : {"variable", "cell"}) {
        SCOPED_TRACE(std::string(target) + " " + base + " " + scaling);
        check(options_of(target, base, scaling));
      }
    }
  }
}

inline void expect_near(const Array<float, 3>& a, const Array<float, 3>& b, float tolerance) {
  ASSERT_EQ(a.shape(), b.shape());
  for (std::size_t i = 0; i < a.size(); ++i) {
    ASSERT_NEAR(a.flat()[i], b.flat()[i], tolerance) << i;
  }
}

}  // namespace hindscale::test
