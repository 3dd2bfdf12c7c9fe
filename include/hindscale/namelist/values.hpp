// SPDX-License-Identifier: Apache-2.0
// Text of a namelist value <-> typed value, and the nearest valid name of a misspelt one.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hindscale/namelist/option.hpp"
#include "hindscale/namelist/parser.hpp"

namespace hindscale {

/// Why a text is not a value of the wanted type.
struct ValueFault {
  std::string problem{};
  std::string why{};
  std::string advice{};
};

/// Reads a value that is not null; the type follows the target. `target` is untouched where a fault
/// is returned.
std::optional<ValueFault> convert(const NamelistValue& value, std::int64_t& target);
std::optional<ValueFault> convert(const NamelistValue& value, double& target);
std::optional<ValueFault> convert(const NamelistValue& value, bool& target);
std::optional<ValueFault> convert(const NamelistValue& value, std::string& target);

/// Whether the value keeps to the notes of its option.
std::optional<ValueFault> check(std::int64_t value, const OptionNotes& notes);
std::optional<ValueFault> check(double value, const OptionNotes& notes);
std::optional<ValueFault> check(bool value, const OptionNotes& notes);
std::optional<ValueFault> check(const std::string& value, const OptionNotes& notes);

/// As namelist text that reads back to the same value: ".true.", "'it''s'", "0.1", "1, 2, 2"; empty
/// for an unset double and an empty list.
std::string text_of(const OptionValue& value);

/// "integer", "real", "logical", "text", "integers", "reals", "texts".
std::string type_name(const OptionValue& value);

/// The most similar name, where one is similar enough to be meant.
std::optional<std::string> nearest_name(std::string_view name,
                                        const std::vector<std::string>& names);

/// ASCII lower case.
std::string lower_case(std::string_view text);

}  // namespace hindscale
