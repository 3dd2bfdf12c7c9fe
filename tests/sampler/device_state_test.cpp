// SPDX-License-Identifier: Apache-2.0
// Fields whose state stays on the device of the network have the bytes of those made on the host;
// here both are the CPU. Run on several ranks, which share every field.
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <algorithm>
#include <limits>
#include <span>
#include <vector>

#include "dataset/synthetic_store.hpp"
#include "hindscale/core/error.hpp"
#include "hindscale/sampler/generator.hpp"
#include "model/networks.hpp"

namespace hindscale {
namespace {

using Kind = SamplerConfig::Kind;

/// What a case differs in.
struct Case {
  Kind kind = Kind::multistep;
  std::int64_t batch = 5;
  Stitching stitching = Stitching::taper;
  bool alternate = false, context = false, mean = false;
  std::size_t n_missing_columns = 0;
};

GeneratorOptions options_of(const Case& asked) {
  GeneratorOptions options;
  options.sampler.kind = asked.kind;
  options.schedule = make_schedule(DiffusionOptions{});
  options.grid = {.spacing = LevelGrid::Spacing::rho, .least = 0.02, .most = 40};
  options.steps = 3;
  options.tiling = {.n_rows = 8,
                    .n_columns = 8,
                    .overlap = 3,
                    .stitching = asked.stitching,
                    .alternate = asked.alternate};
  options.batch = asked.batch;
  options.noise_scale = std::vector<double>(test::n_variables, 1.25);
  if (asked.mean) options.prediction = Prediction::mean;
  return options;
}

/// Fields of three members of two months, on the root; with `spoilt` weights the output is not
/// finite. Collective.
Array<float, 4> fields_of(const Case& asked, bool state_on_device, bool spoilt = false) {
  const test::SyntheticStore store{{.n_missing_columns = asked.n_missing_columns}};
  ConditioningOptions seen;
  seen.diffusion.consistency = "none";
  seen.model.context = asked.context;
  const Conditioning conditioning{store.reader, store.content, seen};
  NetworkConfig config = tiny_config();
  config.in_channels = static_cast<std::int64_t>(conditioning.n_channels() + test::n_variables);
  const FieldNetwork network = stirred_network(config);
  if (spoilt) {
    const torch::NoGradGuard no_gradient;
    network->parameters().back().fill_(std::numeric_limits<float>::quiet_NaN());
  }
  const Communicator world = Communicator::world();
  FieldGenerator generator(
      network, conditioning, options_of(asked),
      {.device = torch::kCPU, .group = &world, .state_on_device = state_on_device});
  std::vector<MonthInputs> inputs;
  for (const std::size_t t : {50, 53})
    inputs.push_back(conditioning.inputs(store.content.months[t], store.coarse(t)));
  std::vector<FieldJob> jobs;
  for (const std::int64_t member : {1, 2, 3})
    for (const std::size_t i : {0, 1})
      jobs.push_back({store.content.months[50 + 3 * i], member, &inputs[i], member == 2});
  Array<float, 4> fields({jobs.size(), test::n_variables, test::n_rows, test::n_columns});
  generator.generate(jobs, fields);
  return fields;
}

void expect_same_bytes(const Case& asked) {
  const Array<float, 4> host = fields_of(asked, false), device = fields_of(asked, true);
  const auto bytes = [](const Array<float, 4>& fields) {
    return std::as_bytes(std::span(fields.flat()));
  };
  EXPECT_TRUE(std::ranges::equal(bytes(host), bytes(device)));
  const bool has_values = std::ranges::any_of(host.flat(), [](float x) { return x != 0; });
  EXPECT_EQ(has_values, Communicator::world().is_root());
}

class EachSampler : public ::testing::TestWithParam<Kind> {};

TEST_P(EachSampler, gives_the_bytes_of_the_host) {
  expect_same_bytes({.kind = GetParam()});
}

INSTANTIATE_TEST_SUITE_P(Kinds, EachSampler,
                         ::testing::Values(Kind::ddpm, Kind::ddim, Kind::multistep, Kind::dpmpp_2m,
                                           Kind::dpmpp_2s, Kind::euler, Kind::heun,
                                           Kind::euler_maruyama, Kind::predictor_corrector,
                                           Kind::adaptive));

TEST(DeviceState, tiles_that_move_and_wrap_give_the_bytes_of_the_host) {
  expect_same_bytes({.alternate = true});
  expect_same_bytes({.batch = 1, .stitching = Stitching::uniform, .alternate = true});
}

TEST(DeviceState, the_context_of_the_whole_domain_is_seen) {
  const Array<float, 4> with = fields_of({.context = true}, true), without = fields_of({}, true);
  EXPECT_EQ(std::ranges::equal(with.flat(), without.flat()), !Communicator::world().is_root());
  expect_same_bytes({.context = true});
}

TEST(DeviceState, cells_without_data_are_those_of_the_host) {
  expect_same_bytes({.batch = 2, .n_missing_columns = 10});
  expect_same_bytes({.kind = Kind::predictor_corrector, .n_missing_columns = 10});
}

TEST(DeviceState, a_regression_gives_the_bytes_of_the_host) {
  expect_same_bytes({.mean = true});
}

TEST(DeviceState, output_that_is_not_finite_names_the_member_and_the_month) {
  try {
    fields_of({}, /*state_on_device=*/true, /*spoilt=*/true);
    FAIL() << "no error";
  } catch (const DivergenceError& error) {
    EXPECT_EQ(error.facts().why, "member 1, 2004-03");
  }
}

}  // namespace
}  // namespace hindscale
