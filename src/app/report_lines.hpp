// SPDX-License-Identifier: Apache-2.0
// Lines of what stages print.
#pragma once

#include <fmt/format.h>

#include <iostream>
#include <string>

namespace hindscale {

/// "  name                    text", on standard output.
inline void print_line(const std::string& name, const std::string& text) {
  std::cout << fmt::format("  {:<24}{}\n", name, text);
}

}  // namespace hindscale
