// SPDX-License-Identifier: Apache-2.0
// Whole fields from tiles where part of the domain has no data.
#include "hindscale/sampler/generator.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <utility>
#include <vector>

#include "dataset/synthetic_store.hpp"
#include "model/networks.hpp"

namespace hindscale {
namespace {

constexpr std::size_t n_missing = 10;  // columns

/// A generator of random weights over a store whose western columns have no data.
struct World {
  explicit World(std::int64_t batch, double noise_degrees_of_freedom = 0) {
    NetworkConfig config = tiny_config();
    config.in_channels = static_cast<std::int64_t>(conditioning.n_channels()) + 2;
    GeneratorOptions options;
    options.sampler.kind = SamplerConfig::Kind::ddim;
    options.schedule = make_schedule(DiffusionOptions{});
    options.steps = 3;
    options.tiling = {.n_rows = 8, .n_columns = 8, .overlap = 2};
    options.batch = batch;
    options.noise_degrees_of_freedom = noise_degrees_of_freedom;
    generator.emplace(stirred_network(config), conditioning, options, GeneratorPlace{});
  }
  Array<float, 4> fields() {
    const std::size_t t = store.content.positions(store.content.test).front();
    const MonthInputs inputs = conditioning.inputs(store.content.months[t], store.coarse(t));
    std::vector<FieldJob> jobs;
    for (const std::int64_t member : {1, 2, 3})
      jobs.push_back({store.content.months[t], member, &inputs});
    Array<float, 4> result({jobs.size(), test::n_variables, test::n_rows, test::n_columns});
    generator->generate(jobs, result);
    return result;
  }
  test::SyntheticStore store{{.n_missing_columns = n_missing}};
  Conditioning conditioning{store.reader, store.content, options()};
  static ConditioningOptions options() {
    ConditioningOptions options;
    options.diffusion.consistency = "none";  // not possible where cells are missing
    return options;
  }
  std::optional<FieldGenerator> generator;
};

TEST(Generator, tiles_without_data_are_not_computed) {
  World world(4);
  // Columns 0, 5 and 10 start tiles of 8 columns on the circle of 16; those of 0 lie in the gap.
  EXPECT_EQ(world.generator->n_tiles_computed(), 2U * 2U);
}

TEST(Generator, cells_without_data_stay_zero_and_the_others_do_not) {
  World world(4);
  const Array<float, 4> fields = world.fields();
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const float value = fields.flat()[i];
    ASSERT_TRUE(std::isfinite(value));
    if (i % test::n_columns < n_missing) {
      EXPECT_NEAR(value, 0, 1e-5);
    } else {
      EXPECT_GT(std::abs(value), 1e-5);
    }
  }
}

TEST(Generator, fields_do_not_depend_on_the_batch) {
  const Array<float, 4> one = World(1).fields(), five = World(5).fields();
  for (std::size_t i = 0; i < one.size(); ++i) EXPECT_EQ(one.flat()[i], five.flat()[i]);
}

TEST(Generator, student_noise_is_one_scale_a_field_in_any_batch) {
  const Array<float, 4> one = World(1, 5).fields(), five = World(5, 5).fields();
  const Array<float, 4> gaussian = World(5).fields();
  for (std::size_t i = 0; i < one.size(); ++i) EXPECT_EQ(one.flat()[i], five.flat()[i]);
  EXPECT_FALSE(std::equal(one.flat().begin(), one.flat().end(), gaussian.flat().begin()));
}

/// A member and the sign of its noise.
using Signed = std::pair<std::int64_t, bool>;

/// Fields of a network that predicts nothing, so that they are linear in the noise.
Array<float, 4> linear_fields(Stitching stitching, const std::vector<Signed>& members) {
  const test::SyntheticStore store{{}};
  const Conditioning conditioning{store.reader, store.content, {}};
  NetworkConfig config = tiny_config();
  config.in_channels = static_cast<std::int64_t>(conditioning.n_channels()) + 2;
  GeneratorOptions options;
  options.sampler.kind = SamplerConfig::Kind::ddpm;  // noise on the way, too
  options.schedule = make_schedule(DiffusionOptions{});
  options.steps = 3;
  options.tiling = {.n_rows = 8, .n_columns = 8, .overlap = 2, .stitching = stitching};
  options.noise_scale = std::vector<double>(test::n_variables, 1.25);
  const UNet predicts_nothing(config, 11);
  FieldGenerator generator(predicts_nothing, conditioning, options, GeneratorPlace{});
  const MonthInputs inputs = conditioning.inputs(store.content.months[50], store.coarse(50));
  std::vector<FieldJob> jobs;
  for (const auto& [member, negated] : members)
    jobs.push_back({store.content.months[50], member, &inputs, negated});
  Array<float, 4> fields({jobs.size(), test::n_variables, test::n_rows, test::n_columns});
  generator.generate(jobs, fields);
  return fields;
}

TEST(Generator, negated_noise_gives_the_opposite_field_where_that_is_linear_in_the_noise) {
  for (const Stitching stitching : {Stitching::taper, Stitching::separate}) {
    const Array<float, 4> plain = linear_fields(stitching, {{1, false}, {2, false}, {3, false}});
    const Array<float, 4> mixed = linear_fields(stitching, {{1, false}, {2, true}, {3, false}});
    const std::size_t n = plain.size() / 3;
    double squares = 0;
    for (std::size_t i = 0; i < plain.size(); ++i) {
      const float sign = i / n == 1 ? -1 : 1, value = plain.flat()[i];
      EXPECT_EQ(mixed.flat()[i], sign * value);
      squares += static_cast<double>(value) * static_cast<double>(value);
    }
    EXPECT_GT(squares / static_cast<double>(plain.size()), 1e-3);
  }
}

/// A field made in one step from a coarse field whose one eastern cell is `changed`.
Array<float, 4> field_with(bool context, float changed) {
  const test::SyntheticStore store{{}};
  ConditioningOptions seen;
  seen.model.context = context;
  const Conditioning conditioning{store.reader, store.content, seen};
  NetworkConfig config = tiny_config();
  config.in_channels = static_cast<std::int64_t>(conditioning.n_channels()) + 2;
  GeneratorOptions options;
  options.sampler.kind = SamplerConfig::Kind::ddim;
  options.schedule = make_schedule(DiffusionOptions{});
  options.steps = 1;
  options.tiling = {.n_rows = 8, .n_columns = 8, .overlap = 2};
  FieldGenerator generator(stirred_network(config), conditioning, options, GeneratorPlace{});
  Array<float, 3> coarse = store.coarse(50);
  coarse(0, 3, 5) += changed;  // columns 9 to 12 see it
  const MonthInputs inputs = conditioning.inputs(store.content.months[50], coarse);
  const FieldJob job{store.content.months[50], 1, &inputs};
  Array<float, 4> field({1, test::n_variables, test::n_rows, test::n_columns});
  generator.generate({&job, 1}, field);
  return field;
}

TEST(Generator, a_tile_sees_what_lies_beyond_its_rim_by_the_context_alone) {
  // Columns 2 to 4 belong to the tile of columns 0 to 7 alone.
  const auto changes_in_the_west = [](bool context) {
    const Array<float, 4> before = field_with(context, 0), after = field_with(context, 3);
    bool changes = false;
    for (std::size_t v = 0; v < test::n_variables; ++v)
      for (std::size_t y = 0; y < test::n_rows; ++y)
        for (std::size_t x = 2; x < 5; ++x)
          changes = changes || before(0, v, y, x) != after(0, v, y, x);
    return changes;
  };
  EXPECT_TRUE(changes_in_the_west(true));
  EXPECT_FALSE(changes_in_the_west(false));
}

}  // namespace
}  // namespace hindscale
