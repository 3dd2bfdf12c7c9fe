// SPDX-License-Identifier: Apache-2.0
// What a CF file of one variable consists of, independent of the library that writes it.
#pragma once

#include <cstddef>
#include <string>
#include <variant>
#include <vector>

#include "hindscale/io/field_file.hpp"

namespace hindscale {

inline constexpr float fill_value = 1e20F;
inline constexpr const char* time_calendar = "proleptic_gregorian";
/// Global integer attribute: 0 while the file is written, 1 as the last change to it.
inline constexpr const char* sentinel_name = "complete";

struct AttributePlan {
  std::string name;
  std::variant<std::string, int, float, double> value;
};

struct DimensionPlan {
  std::string name;
  std::size_t length = 0;  ///< 0: unlimited
};

struct VariablePlan {
  enum class Type { character, int32, float32, float64 };
  std::string name;
  Type type = Type::float64;
  std::vector<int> dimensions;  ///< indices into FilePlan::dimensions
  std::vector<AttributePlan> attributes;
  std::vector<double> values;  ///< written once; empty for variables that grow with time
};

/// Dimensions and variables carry the identifiers 0, 1, 2 ... of their order here.
struct FilePlan {
  std::vector<DimensionPlan> dimensions;
  std::vector<VariablePlan> variables;
  std::vector<AttributePlan> attributes;  ///< global
  int time = 0;                           ///< identifiers of the variables that grow with time
  int time_bounds = 0;
  int data = 0;
  std::size_t n_records = 0;
  std::vector<std::size_t> record_shape;  ///< of the data variable without time
};

/// `quantizer` names the library that rounds values; used where `spec.keep_bits` is positive.
FilePlan plan_of(const FieldFileSpec& spec, const std::string& quantizer);

}  // namespace hindscale
