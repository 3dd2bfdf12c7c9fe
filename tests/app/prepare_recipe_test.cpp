// SPDX-License-Identifier: Apache-2.0
// When a sample store counts as finished.
#include "../../src/app/prepare_recipe.hpp"

#include <gtest/gtest.h>

#include <sstream>

#include "hindscale/io/sample_store.hpp"
#include "support/temporary.hpp"

namespace hindscale::test {
namespace {

/// A store that has a recipe and nothing else.
std::filesystem::path store_of(const TemporaryFolder& folder, const std::string& recipe) {
  const std::filesystem::path path = folder.path() / "samples.h5";
  const Communicator comm = Communicator::self();
  StoreWriter writer(comm, path);
  writer.write_text("recipe", recipe);
  writer.commit();
  return path;
}

std::string without_lines_of(const std::string& recipe, const std::string& word) {
  std::istringstream stream(recipe);
  std::string rest;
  for (std::string line; std::getline(stream, line);)
    if (line.find(word) == std::string::npos) rest += line + "\n";
  return rest;
}

TEST(PrepareRecipe, options_that_an_older_store_did_not_know_had_their_defaults) {
  const Communicator comm = Communicator::self();
  const TemporaryFolder folder(comm);
  Options options;
  const auto path = store_of(folder, without_lines_of(recipe_of(options), "boxcox"));
  EXPECT_TRUE(store_is_finished(path, recipe_of(options)));
  options.dataset.boxcox_offset = 0.5;
  EXPECT_THROW(static_cast<void>(store_is_finished(path, recipe_of(options))), InputError);
  options.dataset.boxcox_offset = 0.01;
  options.dataset.train_years = {1, 2};
  EXPECT_THROW(static_cast<void>(store_is_finished(path, recipe_of(options))), InputError);
}

}  // namespace
}  // namespace hindscale::test
