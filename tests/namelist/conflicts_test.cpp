// SPDX-License-Identifier: Apache-2.0
#include "hindscale/namelist/options.hpp"
#include "sample.hpp"

namespace hindscale::test {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

/// The keys of the conflicts between overrides of a namelist that is otherwise right.
std::vector<std::string> conflicts(const std::vector<std::string>& overrides) {
  std::vector<std::string> keys;
  try {
    options_from_text(complete(), "test.nml", overrides);
  } catch (const NamelistError& error) {
    for (const ErrorFacts& facts : error.problems()) {
      EXPECT_TRUE(facts.problem.starts_with("conflicting")) << message_of(facts);
      EXPECT_FALSE(facts.file.empty()) << message_of(facts);
      keys.push_back(facts.key);
    }
  }
  return keys;
}

struct Case {
  std::vector<std::string> overrides;
  std::string key;  ///< to blame; empty: no conflict
};

class Conflicts : public ::testing::TestWithParam<Case> {};

TEST_P(Conflicts, are_found_and_only_where_they_are) {
  const auto keys = conflicts(GetParam().overrides);
  if (GetParam().key.empty())
    EXPECT_THAT(keys, IsEmpty());
  else
    EXPECT_THAT(keys, ::testing::ElementsAre(GetParam().key));
}

INSTANTIATE_TEST_SUITE_P(
    Output, Conflicts,
    ::testing::Values(
        Case{{"output/members=f"}, ""},
        Case{{"output/members=f", "output/quantiles=0.5"}, "output/quantiles"},
        Case{{"output/members=f", "output/statistics=f"}, "output/members"},
        Case{{"output/statistics=f"}, ""},
        Case{{"output/statistics=f", "output/quantiles=0.5"}, "output/quantiles"},
        Case{{"output/keep_bits=7"}, "output/keep_bits"},
        Case{{"output/keep_bits=7", "output/format=netcdf4"}, ""},
        Case{{"reconstruct/coarse_members=3"}, "reconstruct/coarse_members"},
        Case{{"reconstruct/coarse_files=m{member}.nc"}, "reconstruct/coarse_files"},
        Case{{"reconstruct/coarse_files=m{member}.nc", "reconstruct/coarse_members=3"}, ""},
        Case{{"reconstruct/adjustment=mean"}, "reconstruct/adjustment"},
        Case{{"reconstruct/adjustment=mean", "reconstruct/coarse_files=a.nc"}, ""},
        Case{{"tiling/overlap=40"}, "tiling/overlap"}, Case{{"tiling/overlap=39"}, ""},
        Case{{"dataset/variables=u/v"}, "dataset/variables"},
        Case{{"dataset/variables=lat"}, "dataset/variables"}, Case{{"dataset/variables=zg500"}, ""},
        Case{{"sampling/device_state=t"}, ""},
        Case{{"sampling/device_state=t", "tiling/stitching=separate"}, "sampling/device_state"},
        Case{{"sampling/eta=0.5"}, "sampling/eta"},
        Case{{"sampling/eta=0.5", "sampling/sampler=ddim"}, ""},
        Case{{"sampling/steps=1001"}, "sampling/steps"},
        Case{{"sampling/steps=1001", "diffusion/schedule=edm"}, ""},
        Case{{"sampling/rho=5"}, "sampling/rho"},
        Case{{"sampling/rho=5", "sampling/spacing=rho"}, ""},
        Case{{"sampling/rho=5", "diffusion/schedule=edm"}, ""},
        Case{{"sampling/spacing=rho", "sampling/sigma_range=2,1"}, "sampling/sigma_range"},
        Case{{"sampling/churn=5"}, "sampling/churn"},
        Case{{"sampling/churn=5", "sampling/sampler=heun"}, ""},
        Case{{"sampling/corrections=2"}, "sampling/corrections"},
        Case{{"sampling/tolerance=1e-2"}, "sampling/tolerance"},
        Case{{"sampling/noise_scale=1,1,1"}, "sampling/noise_scale"}));

INSTANTIATE_TEST_SUITE_P(
    Noise, Conflicts,
    ::testing::Values(
        Case{{"diffusion/noise_degrees_of_freedom=5"}, ""},
        Case{{"diffusion/noise_degrees_of_freedom=2"}, "diffusion/noise_degrees_of_freedom"},
        Case{{"diffusion/noise_degrees_of_freedom=5", "sampling/sampler=heun"}, ""},
        Case{{"diffusion/noise_degrees_of_freedom=5", "sampling/sampler=ddpm"}, "sampling/sampler"},
        Case{{"diffusion/noise_degrees_of_freedom=5", "sampling/sampler=predictor_corrector"},
             "sampling/sampler"},
        Case{{"diffusion/noise_degrees_of_freedom=5", "sampling/sampler=ddim", "sampling/eta=0.5"},
             "sampling/eta"},
        Case{{"diffusion/noise_degrees_of_freedom=5", "sampling/sampler=heun", "sampling/churn=5"},
             "sampling/churn"},
        Case{{"diffusion/noise_degrees_of_freedom=5", "calibration/samplers=heun,ddpm"},
             "calibration/samplers"}));

INSTANTIATE_TEST_SUITE_P(
    Training, Conflicts,
    ::testing::Values(
        Case{{"training/steps=50"}, ""},
        Case{{"training/steps=50", "training/warmup=51"}, "training/warmup"},
        Case{{"training/accumulation=3"}, "training/accumulation"},
        Case{{"training/accumulation=4"}, ""}, Case{{"training/variable_weights=1,2"}, ""},
        Case{{"training/variable_weights=1"}, "training/variable_weights"},
        Case{{"training/patch_size=40,50"}, "training/patch_size"},
        Case{{"training/patch_size=4,8"}, ""}, Case{{"tiling/size=38,80"}, "tiling/size"},
        Case{{"model/preset=dpdm", "training/patch_size=44,48"}, "training/patch_size"},
        Case{{"model/preset=dpdm"}, ""}, Case{{"model/groups=5"}, "model/groups"},
        Case{{"model/channels=20", "model/multipliers=2,4", "model/groups=8"}, "model/groups"},
        Case{{"model/attention=3"}, "model/attention"}, Case{{"model/attention=2"}, ""},
        Case{{"model/multipliers="}, "model/multipliers"},
        Case{{"model/preset=edsr"}, "training/stage"},
        Case{{"model/preset=edsr", "training/stage=gan"}, ""},
        Case{{"model/preset=edsr", "training/stage=regression"}, ""},
        Case{{"model/preset=edsr", "training/stage=gan", "model/multipliers=1,2"},
             "model/multipliers"},
        Case{{"model/preset=edsr", "training/stage=gan", "model/dropout=0.1"}, "model/dropout"},
        Case{{"model/preset=edsr", "training/stage=gan", "training/recompute=t"},
             "training/recompute"},
        Case{{"gan/start=5"}, "gan/start"}, Case{{"training/stage=gan", "gan/start=5"}, ""},
        Case{{"training/stage=gan", "training/steps=5", "training/warmup=1", "gan/start=5"},
             "gan/start"},
        Case{{"diffusion/timesteps=5", "sampling/steps=5"}, "training/validation_steps"}));

INSTANTIATE_TEST_SUITE_P(
    Data, Conflicts,
    ::testing::Values(
        Case{{"dataset/test_years=1990,1992"}, "dataset/test_years"},
        Case{{"dataset/test_years=1985,1986"}, "dataset/test_years"},
        Case{{"dataset/train_years=1989,1982"}, "dataset/train_years"},
        Case{{"reconstruct/first_month=1993-01"}, "reconstruct/first_month"},
        Case{{"dataset/variables=uas,uas"}, "dataset/variables"},
        Case{{"dataset/variables="}, "dataset/variables"},
        Case{{"dataset/transforms=log1p"}, "dataset/transforms"},
        Case{{"dataset/transforms=log1p", "dataset/variables=pr"}, ""},
        Case{{"dataset/ridge=f"}, "diffusion/base"},
        Case{{"dataset/ridge=f", "diffusion/base=lerp"}, ""},
        Case{{"dataset/ridge=f", "diffusion/target=field"}, ""},
        Case{{"dataset/ridge_windows="}, "dataset/ridge"},
        Case{{"dataset/mask_name=land"}, "dataset/mask_name"},
        Case{{"domain/west=10"}, "domain/west"},
        Case{{"domain/west=10", "domain/east=5"}, "domain/west"},
        Case{{"domain/south=10", "domain/north=20"}, ""},
        Case{{"dataset/coarse_files=a.nc"}, "dataset/coarse_files"},
        Case{{"dataset/transforms=boxcox", "dataset/variables=pr", "dataset/boxcox_lambda=0.3"},
             ""},
        Case{{"dataset/transforms=boxcox,minmax", "dataset/boxcox_lambda=0.3"},
             "dataset/boxcox_lambda"},
        Case{{"dataset/transforms=log1p,minmax", "dataset/boxcox_lambda=0.3,1"},
             "dataset/boxcox_lambda"},
        Case{{"dataset/boxcox_offset=0.1"}, "dataset/boxcox_offset"},
        Case{{"domain/coarse=file"}, "domain/coarse"},
        Case{{"domain/coarse=file", "dataset/coarse_files=a.nc"}, ""},
        Case{{"domain/coarse=file", "dataset/coarse_files=a.nc", "diffusion/consistency=enforce"},
             "diffusion/consistency"},
        Case{{"domain/coarse=file", "dataset/coarse_files=a.nc", "diffusion/consistency=none"},
             ""}));

TEST(ConflictReport, names_all_that_a_custom_network_lacks) {
  EXPECT_THAT(conflicts({"model/preset=custom"}), SizeIs(15));
  EXPECT_THAT(conflicts({"model/preset=custom", "model/channels=16", "model/groups=8"}),
              SizeIs(13));
}

TEST(ConflictReport, relief_and_mask_need_their_files) {
  const std::string text =
      "&experiment directory='a' /\n&dataset train_years=1,2 validation_years=3,3 test_years=4,5 "
      "/\n";
  const auto problems = problems_of([&] { options_from_text(text, "test.nml", {}); });
  EXPECT_THAT(problems, ::testing::ElementsAre(is_problem("model/relief", "conflicting value"),
                                               is_problem("model/mask", "conflicting value")));
  EXPECT_NO_THROW(options_from_text(text, "test.nml", {"model/relief=f", "model/mask=f"}));
}

TEST(ConflictReport, leaves_out_what_follows_from_another_problem) {
  const auto problems = problems_of([&] {
    options_from_text(complete(), "test.nml", {"training/steps=-1", "training/warmup=3000"});
  });
  EXPECT_THAT(problems, ::testing::ElementsAre(is_problem("training/steps", "out of range")));
}

}  // namespace
}  // namespace hindscale::test
