// SPDX-License-Identifier: Apache-2.0
// Small operations on the text of attributes and names.
#pragma once

#include <algorithm>
#include <cctype>
#include <string>

namespace hindscale {

inline std::string lower_case(std::string text) {
  std::ranges::transform(text, text.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

inline std::string trimmed(const std::string& text) {
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first == std::string::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

}  // namespace hindscale
