// SPDX-License-Identifier: Apache-2.0
// Units and lines of what stages print.
#pragma once

#include <fmt/format.h>

#include <iostream>
#include <string>

namespace hindscale {

inline constexpr double giga = 1e9, mib = 1048576.0;

/// "  name                    text", on standard output.
inline void print_line(const std::string& name, const std::string& text) {
  std::cout << fmt::format("  {:<24}{}\n", name, text);
}

}  // namespace hindscale
