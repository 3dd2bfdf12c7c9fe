// SPDX-License-Identifier: Apache-2.0
// Making and reading the files of the source tests.
#include "source_fixtures.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>

#include "hindscale/core/error.hpp"

namespace hindscale::test {
namespace {

namespace fs = std::filesystem;

class SourceFolder : public testing::Environment {
 public:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "hindscale_sources_XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    path = name;
    const std::string command =
        fmt::format("'{}' -W ignore '{}/source/make_sources.py' '{}' '{}:UWND' '{}:ROSE'",
                    HINDSCALE_TEST_PYTHON, HINDSCALE_TEST_REFERENCE, name,
                    real_path("monthly_navy_winds.cdf"), real_path("etopo20.cdf"));
    ASSERT_EQ(std::system(command.c_str()), 0) << command;
  }
  void TearDown() override {
    std::error_code ignored;
    fs::remove_all(path, ignored);
  }
  fs::path path;
};

// GoogleTest owns and deletes it.
SourceFolder* const folder =
    static_cast<SourceFolder*>(testing::AddGlobalTestEnvironment(new SourceFolder));

}  // namespace

const fs::path& source_folder() {
  return folder->path;
}

std::string source_path(const std::string& name) {
  return (source_folder() / (name + ".nc")).string();
}

std::string real_path(const std::string& name) {
  return std::string(HINDSCALE_REAL_DATA "/") + name;
}

SourceRequest wind_request(const std::vector<std::string>& names) {
  SourceRequest request{.files = {}, .name = "", .variable = "uas", .units = "m s-1"};
  for (const std::string& name : names) request.files.push_back(source_path(name));
  return request;
}

Array<float, 2> read_field(const Source& source, std::size_t i_month) {
  Array<float, 2> field({source.grid().n_rows(), source.grid().n_columns()});
  source.read(i_month, field);
  return field;
}

void expect_formula(const Source& source, std::size_t i_month, double k) {
  // Half a unit in the last place of float at a few thousand.
  constexpr double rounding = 2e-4;
  const Grid& grid = source.grid();
  const Array<float, 2> field = read_field(source, i_month);
  for (std::size_t y = 0; y < grid.n_rows(); ++y) {
    for (std::size_t x = 0; x < grid.n_columns(); ++x) {
      const double longitude = std::fmod(grid.longitude.centre[x] + 720, 360);
      ASSERT_NEAR(field(y, x), 100 * k + grid.latitude.centre[y] + longitude / 10, rounding)
          << y << " " << x;
    }
  }
}

std::string refusal_of(const SourceRequest& request) {
  try {
    const Source source(request);
  } catch (const InputError& error) {
    return error.what();
  }
  return "accepted";
}

}  // namespace hindscale::test
