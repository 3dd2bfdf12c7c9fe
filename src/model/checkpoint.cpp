// SPDX-License-Identifier: Apache-2.0
// Writing and reading checkpoints by the folder protocol.
#include "hindscale/model/checkpoint.hpp"

#include <fmt/format.h>
#include <torch/torch.h>

#include <array>
#include <cstring>

#include "hindscale/core/commit.hpp"
#include "hindscale/core/error.hpp"
#include "hindscale/core/hash.hpp"
#include "hindscale/io/tensor_archive.hpp"

namespace hindscale {

namespace fs = std::filesystem;

namespace {

constexpr const char* model_file = "model.safetensors";
constexpr const char* optimizer_file = "optimizer.safetensors";
constexpr const char* state_file = "state.json";
constexpr const char* done_file = "DONE";

[[noreturn]] void reject(const fs::path& folder, const std::string& why) {
  throw InputError({.problem = "not a usable checkpoint",
                    .value = folder.string(),
                    .why = why,
                    .advice = "use another checkpoint"});
}

bool is_finite(const torch::Tensor& tensor) {
  return !tensor.is_floating_point() || torch::isfinite(tensor).all().item<bool>();
}

TensorType type_of(const std::string& name, const torch::Tensor& tensor) {
  switch (tensor.scalar_type()) {
    case torch::kFloat32:
      return TensorType::float32;
    case torch::kFloat64:
      return TensorType::float64;
    case torch::kInt64:
      return TensorType::int64;
    default:
      throw AssertionError("a checkpoint holds float32, float64 and int64; " + name +
                           " is another type");
  }
}

torch::ScalarType scalar_type_of(TensorType type) {
  if (type == TensorType::float32) return torch::kFloat32;
  return type == TensorType::float64 ? torch::kFloat64 : torch::kInt64;
}

/// Writes one archive and returns its entry of "files".
nlohmann::json write_archive(const fs::path& path, const NamedTensors& tensors) {
  std::vector<torch::Tensor> host;  // keeps the bytes alive while the views look at them
  std::vector<TensorView> views;
  for (const auto& [name, tensor] : tensors) {
    host.push_back(tensor.detach().to(torch::kCPU).contiguous());
    const torch::Tensor& copy = host.back();
    if (!is_finite(copy)) {
      throw InputError({.problem = "a tensor of the checkpoint is not finite",
                        .value = name,
                        .advice = "go on from the last checkpoint with a lower learning rate"});
    }
    const auto* bytes = static_cast<const std::byte*>(copy.data_ptr());
    views.push_back({.name = name,
                     .type = type_of(name, copy),
                     .shape = copy.sizes().vec(),
                     .bytes = {bytes, copy.nbytes()}});
  }
  const std::string digest = write_tensors(path, views, {{"format", "pt"}});
  return {{"bytes", fs::file_size(path)}, {"sha256", digest}};
}

NamedTensors read_archive(const fs::path& folder, const char* name) {
  const TensorArchive archive(folder / name);
  NamedTensors tensors;
  for (const TensorView& view : archive.tensors()) {
    torch::Tensor tensor = torch::empty(view.shape, scalar_type_of(view.type));
    if (!view.bytes.empty()) std::memcpy(tensor.data_ptr(), view.bytes.data(), view.bytes.size());
    if (!is_finite(tensor))
      reject(folder, fmt::format("the tensor '{}' of {} is not finite", view.name, name));
    tensors.emplace(view.name, std::move(tensor));
  }
  return tensors;
}

/// Size and digest of a file against the entry that state.json has for it.
void check_file(const fs::path& folder, const nlohmann::json& state, const char* name) {
  std::uintmax_t bytes = 0;
  std::string digest;
  try {
    const nlohmann::json& entry = state.at("files").at(name);
    bytes = entry.at("bytes").get<std::uintmax_t>();
    digest = entry.at("sha256").get<std::string>();
  } catch (const nlohmann::json::exception& error) {
    reject(folder, fmt::format("state.json does not describe {}: {}", name, error.what()));
  }
  std::error_code error;
  const std::uintmax_t found = fs::file_size(folder / name, error);
  if (error) reject(folder, fmt::format("{} is missing", name));
  if (found != bytes)
    reject(folder, fmt::format("{} has {} bytes, {} were written", name, found, bytes));
  if (sha256_of_file(folder / name) != digest)
    reject(folder, fmt::format("the digest of {} is not the recorded one", name));
}

nlohmann::json read_state(const fs::path& folder) {
  if (!fs::is_directory(folder)) reject(folder, "there is no such folder");
  if (!fs::exists(folder / done_file))
    reject(folder, "DONE is missing: it was not written to its end");
  if (!fs::exists(folder / state_file)) reject(folder, "state.json is missing");
  const std::string text = read_text(folder / state_file);
  if (sha256_of(text) != checkpoint_digest(folder))
    reject(folder, "the digest of state.json is not the one in DONE");
  const nlohmann::json state = nlohmann::json::parse(text, nullptr, false);
  if (!state.is_object()) reject(folder, "state.json is not a JSON object");
  return state;
}

}  // namespace

fs::path checkpoint_folder(const fs::path& root, std::int64_t step) {
  return root / fmt::format("step_{:08d}", step);
}

void remove_checkpoint(const fs::path& folder) {
  std::error_code error;
  fs::remove(folder / done_file, error);  // first: a removal cut short must not look complete
  fs::remove_all(folder, error);
  if (error)
    throw SystemError(
        {.problem = "cannot remove", .value = folder.string(), .why = error.message()});
}

void write_checkpoint(const fs::path& root, std::int64_t step, const CheckpointContent& content) {
  const fs::path final_folder = checkpoint_folder(root, step);
  const fs::path part = part_path(final_folder);
  if (fs::exists(part)) remove_checkpoint(part);
  make_directory(part);
  nlohmann::json state = content.state.is_null() ? nlohmann::json::object() : content.state;
  state["files"] = {{model_file, write_archive(part / model_file, content.model)},
                    {optimizer_file, write_archive(part / optimizer_file, content.optimizer)}};
  const std::string text = state.dump(1) + "\n";
  commit_text(part / state_file, text);
  commit_text(part / done_file, sha256_of(text) + "\n");
  sync_to_disk(part);
  check_file(part, state, model_file);
  check_file(part, state, optimizer_file);
  if (fs::exists(final_folder)) remove_checkpoint(final_folder);
  std::error_code error;
  fs::rename(part, final_folder, error);
  if (error)
    throw SystemError(
        {.problem = "cannot rename to", .value = final_folder.string(), .why = error.message()});
  sync_to_disk(root);
}

CheckpointContent read_checkpoint(const fs::path& folder, CheckpointParts parts) {
  CheckpointContent content;
  content.state = read_state(folder);
  check_file(folder, content.state, model_file);
  content.model = read_archive(folder, model_file);
  if (parts == CheckpointParts::all) {
    check_file(folder, content.state, optimizer_file);
    content.optimizer = read_archive(folder, optimizer_file);
  }
  return content;
}

std::string checkpoint_digest(const fs::path& folder) {
  std::string digest = read_text(folder / done_file);
  while (!digest.empty() && digest.back() == '\n') digest.pop_back();
  return digest;
}

}  // namespace hindscale
