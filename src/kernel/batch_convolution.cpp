// SPDX-License-Identifier: Apache-2.0
#include "hindscale/kernel/batch_convolution.hpp"

#include <omp.h>

#include <algorithm>
#include <cstddef>
#include <map>
#include <utility>

#include "hindscale/kernel/buffer.hpp"
#include "onednn.hpp"

namespace hindscale {
namespace {

using dnnl::memory;
using Tag = memory::format_tag;

/// Plain float32 weights and the same in the order that a primitive likes.
class PackedWeights {
 public:
  PackedWeights(const memory::desc& plain, const memory::desc& packed)
      : plain_(plain),
        packed_(packed, onednn::engine()),
        pack_({onednn::engine(), plain, onednn::engine(), packed}),
        unpack_({onednn::engine(), packed, onednn::engine(), plain}) {}

  memory& pack(const float* values) {
    memory from = onednn::memory_of(plain_, values);
    pack_.execute(onednn::stream(), from, packed_);
    return packed_;
  }
  memory& packed() { return packed_; }
  void unpack(float* values) {
    memory to = onednn::memory_of(plain_, values);
    unpack_.execute(onednn::stream(), packed_, to);
  }

 private:
  memory::desc plain_;
  memory packed_;
  dnnl::reorder pack_, unpack_;
};

}  // namespace

template <class T>
struct BatchConvolution<T>::Primitives {
  explicit Primitives(const BatchShape& shape);

  memory::desc x, y, weight, any_weight, any_gradient, bias;
  memory::dims stride, margin;
  dnnl::convolution_forward::primitive_desc forward;
  dnnl::convolution_backward_data::primitive_desc to_input;
  dnnl::convolution_backward_weights::primitive_desc to_parameters;
  dnnl::convolution_forward run_forward;
  dnnl::convolution_backward_data run_to_input;
  dnnl::convolution_backward_weights run_to_parameters;
  std::unique_ptr<PackedWeights> forward_weights, input_weights, gradients;
  Buffer<std::byte> scratch;

  memory scratch_of(const memory::desc& desc) { return onednn::memory_of(desc, scratch.data()); }
  void make_forward();
  void make_backward();
};

template <class T>
BatchConvolution<T>::Primitives::Primitives(const BatchShape& s)
    : x({s.n, s.in_channels, s.height, s.width}, onednn::type_of<T>(), Tag::nhwc),
      y({s.n, s.out_channels, s.out(s.height), s.out(s.width)}, onednn::type_of<T>(), Tag::nhwc),
      weight({s.out_channels, s.in_channels, s.kernel, s.kernel}, memory::data_type::f32,
             Tag::oihw),
      any_weight(weight.dims(), onednn::type_of<T>(), Tag::any),
      any_gradient(weight.dims(), memory::data_type::f32, Tag::any),
      bias({s.out_channels}, memory::data_type::f32, Tag::x),
      stride{s.stride, s.stride},
      margin{s.margin, s.margin} {
  make_forward();
  make_backward();
  std::size_t most = 0;
  for (const memory::desc& desc :
       {forward.scratchpad_desc(), to_input.scratchpad_desc(), to_parameters.scratchpad_desc()})
    most = std::max(most, desc.get_size());
  scratch = Buffer<std::byte>(most);
}

template <class T>
void BatchConvolution<T>::Primitives::make_forward() {
  const dnnl::convolution_forward::desc operation(dnnl::prop_kind::forward_training,
                                                  dnnl::algorithm::convolution_direct, x,
                                                  any_weight, bias, y, stride, margin, margin);
  forward = {operation, onednn::own_scratch(), onednn::engine()};
  run_forward = dnnl::convolution_forward(forward);
  forward_weights = std::make_unique<PackedWeights>(weight, forward.weights_desc());
}

template <class T>
void BatchConvolution<T>::Primitives::make_backward() {
  const dnnl::convolution_backward_data::desc data(dnnl::algorithm::convolution_direct, x,
                                                   any_weight, y, stride, margin, margin);
  to_input = {data, onednn::own_scratch(), onednn::engine(), forward};
  run_to_input = dnnl::convolution_backward_data(to_input);
  input_weights = std::make_unique<PackedWeights>(weight, to_input.weights_desc());
  const dnnl::convolution_backward_weights::desc parameters(
      dnnl::algorithm::convolution_direct, x, any_gradient, bias, y, stride, margin, margin);
  to_parameters = {parameters, onednn::own_scratch(), onednn::engine(), forward};
  run_to_parameters = dnnl::convolution_backward_weights(to_parameters);
  gradients = std::make_unique<PackedWeights>(weight, to_parameters.diff_weights_desc());
}

template <class T>
BatchConvolution<T>::BatchConvolution(const BatchShape& shape) {
  onednn::built_for_threads("a convolution of a batch",
                            [&] { primitives_ = std::make_unique<Primitives>(shape); });
}

template <class T>
BatchConvolution<T>::~BatchConvolution() = default;

template <class T>
void BatchConvolution<T>::forward(const T* x, const float* weight, const float* bias, T* y) {
  Primitives& own = *primitives_;
  own.run_forward.execute(onednn::stream(),
                          {{DNNL_ARG_SRC, onednn::memory_of(own.x, x)},
                           {DNNL_ARG_WEIGHTS, own.forward_weights->pack(weight)},
                           {DNNL_ARG_BIAS, onednn::memory_of(own.bias, bias)},
                           {DNNL_ARG_DST, onednn::memory_of(own.y, y)},
                           {DNNL_ARG_SCRATCHPAD, own.scratch_of(own.forward.scratchpad_desc())}});
}

template <class T>
void BatchConvolution<T>::to_input(const T* to_y, const float* weight, T* to_x) {
  Primitives& own = *primitives_;
  own.run_to_input.execute(onednn::stream(),
                           {{DNNL_ARG_DIFF_DST, onednn::memory_of(own.y, to_y)},
                            {DNNL_ARG_WEIGHTS, own.input_weights->pack(weight)},
                            {DNNL_ARG_DIFF_SRC, onednn::memory_of(own.x, to_x)},
                            {DNNL_ARG_SCRATCHPAD, own.scratch_of(own.to_input.scratchpad_desc())}});
}

template <class T>
void BatchConvolution<T>::to_parameters(const T* x, const T* to_y, float* to_weight,
                                        float* to_bias) {
  Primitives& own = *primitives_;
  own.run_to_parameters.execute(
      onednn::stream(),
      {{DNNL_ARG_SRC, onednn::memory_of(own.x, x)},
       {DNNL_ARG_DIFF_DST, onednn::memory_of(own.y, to_y)},
       {DNNL_ARG_DIFF_WEIGHTS, own.gradients->packed()},
       {DNNL_ARG_DIFF_BIAS, onednn::memory_of(own.bias, to_bias)},
       {DNNL_ARG_SCRATCHPAD, own.scratch_of(own.to_parameters.scratchpad_desc())}});
  own.gradients->unpack(to_weight);
}

template <class T>
BatchConvolution<T>& batch_convolution(const BatchShape& shape) {
  thread_local std::map<std::pair<BatchShape, int>, BatchConvolution<T>> made;
  return made.try_emplace({shape, omp_get_max_threads()}, shape).first->second;
}

template class BatchConvolution<float>;
template class BatchConvolution<BFloat16>;
template BatchConvolution<float>& batch_convolution(const BatchShape& shape);
template BatchConvolution<BFloat16>& batch_convolution(const BatchShape& shape);

}  // namespace hindscale
