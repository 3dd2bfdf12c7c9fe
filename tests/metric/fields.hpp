// SPDX-License-Identifier: Apache-2.0
// Fields for the tests of scores: random ones, and those with scores from NumPy and SciPy.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "hindscale/core/array.hpp"
#include "hindscale/random/random.hpp"

namespace hindscale::test {

/// Independent standard normal values; another stream for another `stream`.
template <std::size_t N>
Array<float, N> normal_field(const Shape<N>& shape, std::uint64_t stream) {
  Array<float, N> field(shape);
  fill_normal({.seed = 7, .purpose = Purpose::sample_noise, .a = stream, .b = 0, .c = 0}, 0,
              field.flat());
  return field;
}

/// Positive weights that differ between rows.
inline Array<double, 2> row_weights(const Shape<2>& shape) {
  Array<double, 2> weight(shape);
  for (std::size_t y = 0; y < shape[0]; ++y) {
    for (std::size_t x = 0; x < shape[1]; ++x) weight(y, x) = 1 + 0.1 * static_cast<double>(y);
  }
  return weight;
}

/// tests/reference/metric/scores.json, written by make_reference.py beside it.
class Reference {
 public:
  Reference() {
    std::ifstream file(std::string(HINDSCALE_TEST_REFERENCE) + "/metric/scores.json");
    if (file)
      json_ = nlohmann::json::parse(file);
    else
      ADD_FAILURE() << "the reference scores are missing";
  }
  [[nodiscard]] const nlohmann::json& operator[](const std::string& key) const {
    return json_.at(key);
  }
  [[nodiscard]] Shape<2> shape() const { return {json_["shape"][0], json_["shape"][1]}; }
  [[nodiscard]] Array<float, 2> field(const std::string& name) const {
    return filled(Array<float, 2>(shape()), json_.at(name));
  }
  [[nodiscard]] Array<float, 3> members() const {
    const nlohmann::json& values = json_.at("members");
    const Shape<2> cells = shape();
    return filled(Array<float, 3>({values.size() / count_of(cells), cells[0], cells[1]}), values);
  }
  /// `mask`: "full" or "masked".
  [[nodiscard]] Array<double, 2> weight(const std::string& mask) const {
    return filled(Array<double, 2>(shape()), json_.at(mask).at("weight"));
  }

 private:
  template <class A>
  static A filled(A array, const nlohmann::json& values) {
    for (std::size_t i = 0; i < array.size(); ++i) values.at(i).get_to(array.data()[i]);
    return array;
  }
  nlohmann::json json_;
};

/// References are double sums of other order over values read as float.
inline constexpr double reference_tolerance = 1e-6;

}  // namespace hindscale::test
