// SPDX-License-Identifier: Apache-2.0
// The log of a run: one writer, quiet on every rank but the first.
#pragma once

#include <fmt/format.h>

#include <memory>
#include <string>

namespace spdlog {
class logger;
}

namespace hindscale {

/// Owns one sink to standard error. Lines read "2026-01-31T12:00:00 info  text". Copies share the
/// sink.
class Log {
 public:
  enum class Voice { loud, quiet };
  explicit Log(Voice voice);

  template <class... A>
  void info(fmt::format_string<A...> format, A&&... args) const {
    write_info(fmt::format(format, std::forward<A>(args)...));
  }
  template <class... A>
  void warn(fmt::format_string<A...> format, A&&... args) const {
    write_warning(fmt::format(format, std::forward<A>(args)...));
  }

 private:
  void write_info(const std::string& text) const;
  void write_warning(const std::string& text) const;
  std::shared_ptr<spdlog::logger> logger_;
};

}  // namespace hindscale
