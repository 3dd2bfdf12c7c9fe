// SPDX-License-Identifier: Apache-2.0
// Buckets of gradients, filled by hooks of the backward pass and summed over ranks meanwhile.
#include "hindscale/train/gradient_reducer.hpp"

#include <torch/csrc/autograd/function.h>
#include <torch/csrc/autograd/function_hook.h>
#include <torch/csrc/autograd/variable.h>
#include <torch/torch.h>

#include <algorithm>
#include <functional>

#include "hindscale/core/error.hpp"
#include "hindscale/core/units.hpp"
#include "reduction.hpp"

namespace hindscale {
struct GradientBucket {
  torch::Tensor values;               ///< flat, on the parameters' device
  std::vector<std::size_t> members;   ///< parameters
  std::vector<torch::Tensor> places;  ///< their parts of `values`, strided like them
  std::size_t n_ready = 0;
};

namespace {

/// Called by autograd after a parameter's gradient was accumulated.
class ReadyHook final : public torch::autograd::FunctionPostHook {
 public:
  explicit ReadyHook(std::function<void()> action) : action_(std::move(action)) {}
  torch::autograd::variable_list operator()(
      const torch::autograd::variable_list& outputs,
      const torch::autograd::variable_list& /*inputs*/) override {
    action_();
    return outputs;
  }

 private:
  std::function<void()> action_;
};

/// Groups of neighbouring parameters, last parameter first.
std::vector<GradientBucket> make_buckets(const std::vector<torch::Tensor>& parameters,
                                         double bucket_mib) {
  const auto limit = static_cast<std::int64_t>(bucket_mib * mib / sizeof(float));
  std::vector<GradientBucket> buckets;
  std::vector<std::int64_t> counts;
  for (std::size_t i = parameters.size(); i-- > 0;) {
    const std::int64_t n = parameters[i].numel();
    if (buckets.empty() || counts.back() + n > limit) {
      buckets.emplace_back();
      counts.push_back(0);
    }
    buckets.back().members.push_back(i);
    counts.back() += n;
  }
  for (std::size_t i_bucket = 0; i_bucket < buckets.size(); ++i_bucket) {
    GradientBucket& bucket = buckets[i_bucket];
    bucket.values =
        torch::zeros({counts[i_bucket]}, parameters.front().options().requires_grad(false));
    std::int64_t offset = 0;
    for (const std::size_t i : bucket.members) {
      const torch::Tensor& parameter = parameters[i];
      HINDSCALE_ASSERT(parameter.is_non_overlapping_and_dense() &&
                       parameter.scalar_type() == torch::kFloat32);
      bucket.places.push_back(
          bucket.values.as_strided(parameter.sizes(), parameter.strides(), offset));
      offset += parameter.numel();
    }
  }
  return buckets;
}

std::unique_ptr<Reduction> make_reduction(const Communicator& comm, const torch::Device& device) {
#ifdef HINDSCALE_WITH_CUDA
  if (device.is_cuda()) return make_nccl_reduction(comm, device);
#endif
  HINDSCALE_ASSERT(device.is_cpu());
  return make_mpi_reduction(comm);
}

}  // namespace

struct GradientReducer::State {
  std::vector<torch::Tensor> parameters;
  std::vector<GradientBucket> buckets;
  std::vector<std::size_t> bucket_of;
  std::vector<bool> ready;
  std::size_t n_started = 0;
  bool armed = false;
  std::unique_ptr<Reduction> reduction;
  /// Autograd holds these by weak pointers only; a hook lives as long as its node.
  std::vector<decltype(torch::autograd::impl::grad_accumulator(torch::Tensor()))> accumulators;

  void on_ready(std::size_t i_parameter) {
    if (!armed || ready[i_parameter]) return;
    ready[i_parameter] = true;
    ++buckets[bucket_of[i_parameter]].n_ready;
    while (n_started < buckets.size() &&
           buckets[n_started].n_ready == buckets[n_started].members.size())
      start_next();
    reduction->poke();
  }

  void start_next() {
    torch::NoGradGuard no_gradient;
    GradientBucket& bucket = buckets[n_started++];
    for (std::size_t i = 0; i < bucket.members.size(); ++i) {
      const torch::Tensor& gradient = parameters[bucket.members[i]].grad();
      if (gradient.defined()) {
        bucket.places[i].copy_(gradient);
      } else {
        bucket.places[i].zero_();
      }
    }
    reduction->start(bucket.values);
  }

  /// The gradients are now the places of their sums, not copies of them.
  void hand_out() {
    for (GradientBucket& bucket : buckets) {
      bucket.n_ready = 0;
      for (std::size_t i = 0; i < bucket.members.size(); ++i)
        parameters[bucket.members[i]].mutable_grad() = bucket.places[i];
    }
  }
};

GradientReducer::GradientReducer(const Communicator& comm, std::vector<torch::Tensor> parameters,
                                 double bucket_mib)
    : state_(std::make_shared<State>()) {
  if (comm.size() == 1 || parameters.empty()) return;
  State& state = *state_;
  state.parameters = std::move(parameters);
  state.buckets = make_buckets(state.parameters, bucket_mib);
  state.reduction = make_reduction(comm, state.parameters.front().device());
  state.ready.assign(state.parameters.size(), false);
  state.bucket_of.assign(state.parameters.size(), 0);
  for (std::size_t i_bucket = 0; i_bucket < state.buckets.size(); ++i_bucket) {
    for (const std::size_t i : state.buckets[i_bucket].members) state.bucket_of[i] = i_bucket;
  }
  for (std::size_t i = 0; i < state.parameters.size(); ++i) {
    auto accumulator = torch::autograd::impl::grad_accumulator(state.parameters[i]);
    HINDSCALE_ASSERT(accumulator != nullptr);  // a leaf that needs a gradient
    accumulator->add_post_hook(
        std::make_unique<ReadyHook>([watched = std::weak_ptr<State>(state_), i] {
          if (const auto alive = watched.lock()) alive->on_ready(i);
        }));
    state.accumulators.push_back(std::move(accumulator));
  }
}

GradientReducer::~GradientReducer() = default;

void GradientReducer::arm() {
  State& state = *state_;
  std::fill(state.ready.begin(), state.ready.end(), false);
  for (GradientBucket& bucket : state.buckets) bucket.n_ready = 0;
  state.n_started = 0;
  state.armed = state.reduction != nullptr;
}

void GradientReducer::finish() {
  State& state = *state_;
  if (!state.armed) return;
  state.armed = false;
  while (state.n_started < state.buckets.size()) state.start_next();
  state.reduction->wait();
  state.hand_out();
}

std::size_t GradientReducer::n_buckets() const {
  return state_->buckets.size();
}

}  // namespace hindscale
