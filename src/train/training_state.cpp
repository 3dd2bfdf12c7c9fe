// SPDX-License-Identifier: Apache-2.0
// The description of a training in its checkpoints.
#include "hindscale/train/training_state.hpp"

#include <fmt/format.h>
#include <torch/torch.h>
#include <torch/version.h>

#include <algorithm>
#include <set>

#include "hindscale/core/error.hpp"
#include "hindscale/model/precision.hpp"

namespace hindscale {
namespace {

constexpr const char* transform_prefix = "transform.";
constexpr const char* consistency_key = "diffusion/consistency";
constexpr const char* precision_key = "training/precision";

/// Visitor of an option group: members -> JSON.
struct WriteJson {
  nlohmann::json& json;
  template <class T>
  void operator()(const char* key, T& member, const std::type_identity_t<T>& /*default_value*/,
                  const OptionNotes& /*notes*/) const {
    json[key] = member;
  }
};

/// diffusion/consistency, which older programs stored as a logical. Whether the correction is only
/// reported makes no difference to a training.
std::string consistency_of(const nlohmann::json& value) {
  const bool enforces = value.is_boolean() ? value.get<bool>() : value == "enforce";
  return enforces ? "enforce" : "none";
}

/// Visitor of an option group: JSON -> members.
struct ReadJson {
  const nlohmann::json& json;
  template <class T>
  void operator()(const char* key, T& member, const std::type_identity_t<T>& /*default_value*/,
                  const OptionNotes& /*notes*/) const {
    if (!json.contains(key)) return;  // written before the option was: its default is what it did
    if constexpr (std::is_same_v<T, std::string>) {
      if (json.at(key).is_boolean()) {
        member = consistency_of(json.at(key));
        return;
      }
    }
    try {
      json.at(key).get_to(member);
    } catch (const nlohmann::json::exception& error) {
      throw InputError({.problem = "the checkpoint's state has an unusable entry",
                        .value = key,
                        .why = error.what()});
    }
  }
};

template <class Group>
nlohmann::json json_of(Group options) {
  nlohmann::json json = nlohmann::json::object();
  options.describe(WriteJson{json});
  return json;
}

/// Options of &training that change which weights come out. How often something is logged, checked
/// or kept does not, nor do the places where a run stops.
const std::set<std::string> course_of_training{
    "steps",         "batch",          "accumulation", "patch_size",
    "learning_rate", "warmup",         "weight_decay", "beta1",
    "beta2",         "gradient_clip",  "ema_decay",    "variable_weights",
    "mirror",        "initial_weights"};

nlohmann::json determined_by(const Options& options, const std::vector<int>& left_out) {
  nlohmann::json keys{{"experiment/seed", options.experiment.seed},
                      {"training/fold", left_out},
                      {regression_folds_key, nlohmann::json::array()}};
  // Named: `items()` only refers to its object.
  const nlohmann::json model = json_of(options.model), diffusion = json_of(options.diffusion),
                       training = json_of(options.training);
  for (const auto& [key, value] : model.items()) keys["model/" + key] = value;
  for (const auto& [key, value] : diffusion.items()) keys["diffusion/" + key] = value;
  keys[consistency_key] = consistency_of(keys[consistency_key]);
  if (options.training.stage == "gan") {
    const nlohmann::json gan = json_of(options.gan);
    for (const auto& [key, value] : gan.items()) keys["gan/" + key] = value;
  }
  for (const auto& [key, value] : training.items()) {
    if (course_of_training.contains(key)) keys["training/" + key] = value;
  }
  keys[precision_key] = name_of(precision_of(options.training.precision));  // of 'auto', too
  return keys;
}

}  // namespace

nlohmann::json describe_training(const Options& options, const Conditioning& conditioning,
                                 const NetworkConfig& network, const std::string& store_digest) {
  const StoreContent& content = conditioning.content();
  return {
      {"format", 1},
      {"preset", options.model.preset},
      {"network", network_to_json(network)},
      {"channels", conditioning.channel_names()},
      {"variables", content.variables},
      {"units", content.units},
      {"transforms", content.transforms},
      {"transform_parameters", json_of_transforms(content.transform_parameters)},
      {"model", json_of(options.model)},
      {"diffusion", json_of(options.diffusion)},
      {"schedule",
       {{"kind", options.diffusion.schedule}, {"timesteps", options.diffusion.timesteps}}},
      {"left_out", content.left_out},
      {"years",
       {{"train", {content.train.first_year, content.train.last_year}},
        {"validation", {content.validation.first_year, content.validation.last_year}},
        {"test", {content.test.first_year, content.test.last_year}}}},
      {"determined_by", determined_by(options, content.left_out)},
      {"store", {{"sha256", store_digest}}},
      {"namelist", to_namelist(options)},
      {"versions",
       {{"hindscale", HINDSCALE_VERSION}, {"libtorch", TORCH_VERSION}, {"compiler", __VERSION__}}}};
}

void require_same_training(const nlohmann::json& state, const nlohmann::json& now,
                           const std::string& folder) {
  std::vector<std::string> differences;
  const auto text = [](const nlohmann::json& json, const std::string& key) {
    return json.contains(key) ? json.at(key).dump() : std::string("not recorded");
  };
  nlohmann::json then = state.value("determined_by", nlohmann::json::object());
  if (then.contains(consistency_key)) then[consistency_key] = consistency_of(then[consistency_key]);
  // An option that an older program did not know did what its default does now.
  const nlohmann::json defaults = determined_by(Options{}, {});
  for (const auto& [key, value] : now.at("determined_by").items()) {
    if (key == precision_key && !then.contains(key)) continue;  // older programs kept no record
    const auto& source = then.contains(key) ? then : defaults;
    if (!source.contains(key) || source.at(key) != value) {
      differences.push_back(fmt::format("{}: {} then, {} now", key, text(then, key), value.dump()));
    }
  }
  for (const char* key : {"variables", "channels", "network", "store"}) {
    if (state.value(key, nlohmann::json()) == now.at(key)) continue;
    differences.push_back(
        std::string(key) == "store"
            ? "dataset/store: its content is another one (SHA-256)"
            : fmt::format("{}: {} then, {} now", key, text(state, key), now.at(key).dump()));
  }
  if (differences.empty()) return;
  std::string list = differences.front();
  for (std::size_t i = 1; i < differences.size(); ++i) list += "; " + differences[i];
  throw InputError(
      {.problem = "the checkpoint belongs to another training",
       .value = folder,
       .why = list,
       .advice = "set these back to go on, or train into another experiment/directory"});
}

NamedTensors tensors_of(const Normalisation& normalisation) {
  NamedTensors tensors;
  for (const auto& [name, values] : normalisation) {
    const std::vector<std::int64_t> shape(values.shape().begin(), values.shape().end());
    torch::Tensor tensor = torch::empty(shape, torch::kFloat64);
    std::copy_n(values.data(), values.size(), tensor.data_ptr<double>());
    tensors.emplace(transform_prefix + name, tensor);
  }
  return tensors;
}

Normalisation normalisation_of(const NamedTensors& tensors) {
  const std::string prefix = transform_prefix;
  Normalisation normalisation;
  for (const auto& [name, tensor] : tensors) {
    if (!name.starts_with(prefix)) continue;
    if (tensor.dim() != 3 || tensor.scalar_type() != torch::kFloat64) {
      throw InputError({.problem = "tensor of another kind",
                        .value = name,
                        .why = "a normalisation is float64 with three axes"});
    }
    const torch::Tensor source = tensor.contiguous();
    Array<double, 3> values({static_cast<std::size_t>(source.size(0)),
                             static_cast<std::size_t>(source.size(1)),
                             static_cast<std::size_t>(source.size(2))});
    std::copy_n(source.data_ptr<double>(), values.size(), values.data());
    normalisation.emplace(name.substr(prefix.size()), std::move(values));
  }
  return normalisation;
}

ConditioningOptions conditioning_options_of(const nlohmann::json& state) {
  ConditioningOptions options;
  options.model.describe(ReadJson{state.value("model", nlohmann::json::object())});
  options.diffusion.describe(ReadJson{state.value("diffusion", nlohmann::json::object())});
  return options;
}

}  // namespace hindscale
