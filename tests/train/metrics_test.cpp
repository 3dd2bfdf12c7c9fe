// SPDX-License-Identifier: Apache-2.0
// The metrics file across restarts, and durations in words.
#include "hindscale/train/metrics.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "hindscale/core/commit.hpp"
#include "hindscale/core/error.hpp"
#include "support/temporary.hpp"

namespace hindscale {
namespace {

TEST(MetricsFile, drops_lines_beyond_the_restart_and_a_torn_one) {
  const Communicator alone;
  const test::TemporaryFolder folder(alone);
  const auto path = folder.path() / "metrics.jsonl";
  commit_text(path,
              "{\"step\":2,\"loss\":1.5}\n{\"step\":4,\"loss\":1.25}\n{\"step\":6,\"loss\":1.0}\n{"
              "\"step\":8,\"lo");
  MetricsFile metrics(path, 4);
  metrics.append({{"step", 6}, {"loss", 0.5}});
  EXPECT_EQ(read_text(path),
            "{\"step\":2,\"loss\":1.5}\n{\"step\":4,\"loss\":1.25}\n{\"loss\":0.5,\"step\":6}\n");
}

TEST(MetricsFile, starts_afresh_at_step_zero) {
  const Communicator alone;
  const test::TemporaryFolder folder(alone);
  const auto path = folder.path() / "metrics.jsonl";
  commit_text(path, "{\"step\":2,\"loss\":1.5}\n");
  const MetricsFile metrics(path, 0);
  EXPECT_EQ(read_text(path), "");
}

TEST(MetricsFile, names_a_path_that_cannot_be_written) {
  try {
    const MetricsFile metrics("/nowhere/metrics.jsonl", 0);
    FAIL() << "accepted";
  } catch (const SystemError& error) {
    EXPECT_EQ(error.facts().value, "/nowhere/metrics.jsonl");
  }
}

TEST(Duration, reads_as_people_say_it) {
  EXPECT_EQ(text_of_duration(8.4), "8 s");
  EXPECT_EQ(text_of_duration(192), "3 min 12 s");
  EXPECT_EQ(text_of_duration(7500), "2 h 05 min");
}

}  // namespace
}  // namespace hindscale
