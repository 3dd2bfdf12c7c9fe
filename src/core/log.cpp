// SPDX-License-Identifier: Apache-2.0
#include "hindscale/core/log.hpp"

#include <spdlog/logger.h>
#include <spdlog/sinks/null_sink.h>
#include <spdlog/sinks/stdout_sinks.h>

namespace hindscale {

Log::Log(Voice voice) {
  std::shared_ptr<spdlog::sinks::sink> sink;
  if (voice == Voice::loud) {
    sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
  } else {
    sink = std::make_shared<spdlog::sinks::null_sink_mt>();
  }
  logger_ = std::make_shared<spdlog::logger>("hindscale", sink);
  logger_->set_pattern("%Y-%m-%dT%H:%M:%S %-7l %v");
  logger_->flush_on(spdlog::level::info);
}

void Log::write_info(const std::string& text) const {
  logger_->info(text);
}
void Log::write_warning(const std::string& text) const {
  logger_->warn(text);
}

}  // namespace hindscale
