// SPDX-License-Identifier: Apache-2.0
#include "hindscale/kernel/batch_convolution.hpp"

#include <omp.h>

#include <cstddef>
#include <map>
#include <memory>
#include <utility>

#include "hindscale/kernel/buffer.hpp"
#include "map_order.hpp"

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

Tag order_of(const BatchShape& s) {
  return onednn::map_order(
      s.kernel, s.stride,
      s.in_channels * s.height * s.width + s.out_channels * s.out(s.height) * s.out(s.width));
}

/// Memory of this thread for one pass at a time.
std::byte* scratch_memory(std::size_t bytes) {
  thread_local Buffer<std::byte> memory;
  if (memory.size() < bytes) memory = Buffer<std::byte>(bytes);
  return memory.data();
}

/// A primitive with its weights, and the order it takes maps in.
template <class Primitive>
struct Pass {
  typename Primitive::primitive_desc description;
  Primitive primitive;
  std::unique_ptr<PackedWeights> weights;
  onednn::SeenMap x, y;

  /// Where the scratch memory of oneDNN and the copies of maps lie.
  struct Places {
    std::byte *scratchpad, *x, *y;
  };
  [[nodiscard]] Places places() const {
    const std::size_t first = onednn::whole_lines(description.scratchpad_desc().get_size());
    std::byte* const begin = scratch_memory(first + x.bytes() + y.bytes());
    return {begin, begin + first, begin + first + x.bytes()};
  }
  memory scratchpad(const Places& places) {
    return onednn::memory_of(description.scratchpad_desc(), places.scratchpad);
  }
};

}  // namespace

template <class T>
struct BatchConvolution<T>::Primitives {
  explicit Primitives(const BatchShape& shape);

  memory::desc x, y, any_x, any_y, weight, any_weight, any_gradient, bias;
  memory::dims stride, margin;
  Pass<dnnl::convolution_forward> forward;
  Pass<dnnl::convolution_backward_data> to_input;
  Pass<dnnl::convolution_backward_weights> to_parameters;

  void make_forward();
  void make_backward();
};

template <class T>
BatchConvolution<T>::Primitives::Primitives(const BatchShape& s)
    : x({s.n, s.in_channels, s.height, s.width}, onednn::type_of<T>(), Tag::nhwc),
      y({s.n, s.out_channels, s.out(s.height), s.out(s.width)}, onednn::type_of<T>(), Tag::nhwc),
      any_x(x.dims(), x.data_type(), order_of(s)),
      any_y(y.dims(), y.data_type(), order_of(s)),
      weight({s.out_channels, s.in_channels, s.kernel, s.kernel}, memory::data_type::f32,
             Tag::oihw),
      any_weight(weight.dims(), onednn::type_of<T>(), Tag::any),
      any_gradient(weight.dims(), memory::data_type::f32, Tag::any),
      bias({s.out_channels}, memory::data_type::f32, Tag::x),
      stride{s.stride, s.stride},
      margin{s.margin, s.margin} {
  make_forward();
  make_backward();
}

template <class T>
void BatchConvolution<T>::Primitives::make_forward() {
  const dnnl::convolution_forward::desc operation(dnnl::prop_kind::forward_training,
                                                  dnnl::algorithm::convolution_direct, any_x,
                                                  any_weight, bias, any_y, stride, margin, margin);
  const dnnl::convolution_forward::primitive_desc made(operation, onednn::own_scratch(),
                                                       onednn::engine());
  forward = {made,
             dnnl::convolution_forward(made),
             std::make_unique<PackedWeights>(weight, made.weights_desc()),
             {x, made.src_desc()},
             {y, made.dst_desc()}};
}

template <class T>
void BatchConvolution<T>::Primitives::make_backward() {
  const dnnl::convolution_backward_data::desc data(dnnl::algorithm::convolution_direct, any_x,
                                                   any_weight, any_y, stride, margin, margin);
  const dnnl::convolution_backward_data::primitive_desc made(data, onednn::own_scratch(),
                                                             onednn::engine(), forward.description);
  to_input = {made,
              dnnl::convolution_backward_data(made),
              std::make_unique<PackedWeights>(weight, made.weights_desc()),
              {x, made.diff_src_desc()},
              {y, made.diff_dst_desc()}};
  const dnnl::convolution_backward_weights::desc parameters(dnnl::algorithm::convolution_direct,
                                                            any_x, any_gradient, bias, any_y,
                                                            stride, margin, margin);
  const dnnl::convolution_backward_weights::primitive_desc wanted(
      parameters, onednn::own_scratch(), onednn::engine(), forward.description);
  to_parameters = {wanted,
                   dnnl::convolution_backward_weights(wanted),
                   std::make_unique<PackedWeights>(weight, wanted.diff_weights_desc()),
                   {x, wanted.src_desc()},
                   {y, wanted.diff_dst_desc()}};
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
  auto& pass = primitives_->forward;
  const auto places = pass.places();
  pass.primitive.execute(onednn::stream(),
                         {{DNNL_ARG_SRC, pass.x.filled(x, places.x)},
                          {DNNL_ARG_WEIGHTS, pass.weights->pack(weight)},
                          {DNNL_ARG_BIAS, onednn::memory_of(primitives_->bias, bias)},
                          {DNNL_ARG_DST, pass.y.room(y, places.y)},
                          {DNNL_ARG_SCRATCHPAD, pass.scratchpad(places)}});
  pass.y.give_back(places.y, y);
}

template <class T>
void BatchConvolution<T>::to_input(const T* to_y, const float* weight, T* to_x) {
  auto& pass = primitives_->to_input;
  const auto places = pass.places();
  pass.primitive.execute(onednn::stream(), {{DNNL_ARG_DIFF_DST, pass.y.filled(to_y, places.y)},
                                            {DNNL_ARG_WEIGHTS, pass.weights->pack(weight)},
                                            {DNNL_ARG_DIFF_SRC, pass.x.room(to_x, places.x)},
                                            {DNNL_ARG_SCRATCHPAD, pass.scratchpad(places)}});
  pass.x.give_back(places.x, to_x);
}

template <class T>
void BatchConvolution<T>::to_parameters(const T* x, const T* to_y, float* to_weight,
                                        float* to_bias) {
  auto& pass = primitives_->to_parameters;
  const auto places = pass.places();
  pass.primitive.execute(onednn::stream(),
                         {{DNNL_ARG_SRC, pass.x.filled(x, places.x)},
                          {DNNL_ARG_DIFF_DST, pass.y.filled(to_y, places.y)},
                          {DNNL_ARG_DIFF_WEIGHTS, pass.weights->packed()},
                          {DNNL_ARG_DIFF_BIAS, onednn::memory_of(primitives_->bias, to_bias)},
                          {DNNL_ARG_SCRATCHPAD, pass.scratchpad(places)}});
  pass.weights->unpack(to_weight);
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
