// SPDX-License-Identifier: Apache-2.0
// Says what a store, checkpoint, reconstruction or data file is.
#include <fmt/format.h>

#include <algorithm>
#include <iostream>
#include <nlohmann/json.hpp>

#include "antithetic.hpp"
#include "archive.hpp"
#include "hindscale/app/stages.hpp"
#include "hindscale/core/commit.hpp"
#include "hindscale/core/units.hpp"
#include "hindscale/dataset/store_content.hpp"
#include "hindscale/io/field_file.hpp"
#include "hindscale/io/source.hpp"
#include "hindscale/model/checkpoint.hpp"

namespace hindscale {
namespace fs = std::filesystem;

namespace {

void print_store(const fs::path& path) {
  const StoreReader reader(path);
  const StoreContent content = read_content(reader);
  std::cout << fmt::format(
      "sample store {}\n  variables   {}\n  fine grid   {}\n  coarse grid {}\n  months      {}: {} "
      "to {}\n",
      path.string(), fmt::join(content.variables, ", "), describe(content.fine),
      describe(content.coarse), content.months.size(), content.months.front().to_string(),
      content.months.back().to_string());
  std::cout << fmt::format("  transforms  {}\n", fmt::join(content.transforms, ", "));
  if (std::ranges::find(content.transforms, "boxcox") != content.transforms.end())
    std::cout << fmt::format("              {}\n",
                             json_of_transforms(content.transform_parameters).dump());
  if (content.ridge) std::cout << "  ridge       " << text_of(*content.ridge) << '\n';
  if (content.local_ridge) std::cout << "  local ridge " << text_of(*content.local_ridge) << '\n';
  for (const std::string& name : reader.names())
    std::cout << fmt::format("  {:<24} [{}]\n", name, fmt::join(reader.shape(name), ", "));
}

void print_checkpoint(const fs::path& path) {
  const CheckpointContent checkpoint = read_checkpoint(path, CheckpointParts::model_only);
  const auto& state = checkpoint.state;
  std::cout << fmt::format(
      "checkpoint {}, complete and valid\n  sha256      {}\n  step        {}\n  preset      {}\n  "
      "variables   {}\n  channels    {}\n",
      path.string(), checkpoint_digest(path), state.value("step", 0L), state.value("preset", ""),
      state.value("variables", nlohmann::json()).dump(),
      state.value("channels", nlohmann::json()).dump());
}

void print_reconstruction(const fs::path& path) {
  const Records manifest = read_manifest(path);
  std::uint64_t bytes = 0;
  for (const auto& [name, record] : manifest) bytes += record.bytes;
  std::cout << fmt::format(
      "reconstruction {}\n  {} files, {:.1f} MiB\n{}", path.string(), manifest.size(),
      static_cast<double>(bytes) / mib,
      fs::exists(path / "archive.json") ? read_text(path / "archive.json") : "");
}

void print_data(const fs::path& path) {
  const FieldReader reader(path);
  std::cout << fmt::format("data file {}, complete\n  variable    {}\n  months      {}: {} to {}\n",
                           path.string(), reader.variable(), reader.months().size(),
                           reader.months().front().to_string(), reader.months().back().to_string());
  for (const char* name : {"title", "history", "checkpoint_sha256", "sample_store_sha256",
                           "members", "independent_members", partner_attribute, "options"}) {
    if (const std::string value = reader.attribute(name); !value.empty())
      std::cout << fmt::format("  {:<21}{}\n", name, value);
  }
}

void print_any(const fs::path& path) {
  if (!fs::exists(path))
    throw InputError({.problem = "no such file or folder", .value = path.string()});
  if (fs::exists(path / "state.json") || fs::exists(path / "DONE")) return print_checkpoint(path);
  if (fs::exists(path / manifest_name)) return print_reconstruction(path);
  if (fs::is_directory(path)) {
    throw InputError(
        {.problem = "neither a checkpoint nor a reconstruction",
         .value = path.string(),
         .advice = "name a step_* folder of checkpoints/, or a folder with a manifest.json"});
  }
  if (path.extension() == ".h5") return print_store(path);
  print_data(path);
}

}  // namespace

ExitCode run_info(const Context& context, const fs::path& path) {
  together(context.comm, [&] {
    if (context.comm.is_root()) print_any(path);
  });
  return ExitCode::done;
}

}  // namespace hindscale
