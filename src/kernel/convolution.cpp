// SPDX-License-Identifier: Apache-2.0
#include "hindscale/kernel/convolution.hpp"

#include <cstring>

#include "map_order.hpp"

namespace hindscale {
namespace {

using dnnl::memory;
using Tag = memory::format_tag;

std::int64_t margin(const ConvolutionShape& shape) {
  return shape.padding == Padding::periodic ? shape.kernel / 2 : 0;
}

/// The input with its margins where the field closes on itself.
FeatureMap seen_map(const ConvolutionShape& shape) {
  const std::int64_t both = 2 * margin(shape);
  return {shape.input.channels, shape.input.height + both, shape.input.width + both};
}

/// `wide` = x continued periodically by `width` places on each side.
template <class T>
void wrap(const FeatureMap& map, const T* x, std::int64_t width, T* wide) {
  const auto row = [&](std::int64_t places) {
    return static_cast<std::size_t>(places * map.channels) * sizeof(T);
  };
  for (std::int64_t y = -width; y < map.height + width; ++y) {
    const T* from = x + ((y + map.height) % map.height) * map.width * map.channels;
    T* to = wide + (y + width) * (map.width + 2 * width) * map.channels;
    std::memcpy(to, from + (map.width - width) * map.channels, row(width));
    std::memcpy(to + width * map.channels, from, row(map.width));
    std::memcpy(to + (width + map.width) * map.channels, from, row(width));
  }
}

}  // namespace

template <class In, class Out>
struct Convolution<In, Out>::Primitive {
  dnnl::convolution_forward::primitive_desc description;
  dnnl::convolution_forward convolution;
  memory weights;
  memory::desc bias;
  onednn::SeenMap x, y;
  bool adds = false;             ///< to what is in the output
  std::size_t margin_bytes = 0;  ///< of the wrapped input at the start of the scratch memory
  [[nodiscard]] std::size_t scratchpad_bytes() const {
    return onednn::whole_lines(description.scratchpad_desc().get_size());
  }
};

template <class In, class Out>
Convolution<In, Out>::Convolution(const ConvolutionShape& shape, const float* weight, Store store)
    : shape_(shape), primitive_(std::make_unique<Primitive>()) {
  const FeatureMap seen = seen_map(shape), output = shape.output();
  const std::int64_t in = seen.channels, out = shape.out_channels, k = shape.kernel;
  const std::int64_t pad = shape.padding == Padding::zeros ? k / 2 : 0;
  Primitive& own = *primitive_;
  own.adds = store == Store::add;
  own.bias = memory::desc({out}, memory::data_type::f32, Tag::x);
  if (margin(shape) > 0) own.margin_bytes = onednn::whole_lines(seen.size() * sizeof(In));
  onednn::built("a convolution", [&] {
    dnnl::primitive_attr attributes = onednn::own_scratch();
    if (own.adds) {
      dnnl::post_ops addition;
      addition.append_sum(1.0F);
      attributes.set_post_ops(addition);
    }
    const auto x = [&](Tag order) {
      return memory::desc({1, in, seen.height, seen.width}, onednn::type_of<In>(), order);
    };
    const auto y = [&](Tag order) {
      return memory::desc({1, out, output.height, output.width}, onednn::type_of<Out>(), order);
    };
    const Tag order =
        onednn::map_order(k, shape.stride, static_cast<std::int64_t>(seen.size() + output.size()));
    const dnnl::convolution_forward::desc operation(
        dnnl::prop_kind::forward_inference, dnnl::algorithm::convolution_direct, x(order),
        memory::desc({out, in, k, k}, onednn::type_of<In>(), Tag::any), own.bias, y(order),
        {shape.stride, shape.stride}, {pad, pad}, {pad, pad});
    own.description = {operation, attributes, onednn::engine()};
    own.x = {x(Tag::nhwc), own.description.src_desc()};
    own.y = {y(Tag::nhwc), own.description.dst_desc()};
    own.convolution = dnnl::convolution_forward(own.description);
    own.weights = memory(own.description.weights_desc(), onednn::engine());
    memory plain =
        onednn::memory_of(memory::desc({out, in, k, k}, memory::data_type::f32, Tag::oihw), weight);
    dnnl::reorder(plain, own.weights).execute(onednn::stream(), plain, own.weights);
    onednn::stream().wait();
  });
}

template <class In, class Out>
Convolution<In, Out>::~Convolution() = default;
template <class In, class Out>
Convolution<In, Out>::Convolution(Convolution&&) noexcept = default;
template <class In, class Out>
Convolution<In, Out>& Convolution<In, Out>::operator=(Convolution&&) noexcept = default;

template <class In, class Out>
void Convolution<In, Out>::run(const In* x, const float* bias, Out* y, std::byte* scratch) const {
  const Primitive& own = *primitive_;
  if (own.margin_bytes > 0) {
    auto* wide = reinterpret_cast<In*>(scratch);
    wrap(shape_.input, x, margin(shape_), wide);
    x = wide;
  }
  std::byte* const scratchpad = scratch + own.margin_bytes;
  std::byte* const x_copy = scratchpad + own.scratchpad_bytes();
  std::byte* const y_copy = x_copy + own.x.bytes();
  memory to = own.adds ? own.y.filled(y, y_copy) : own.y.room(y, y_copy);
  own.convolution.execute(
      onednn::stream(),
      {{DNNL_ARG_SRC, own.x.filled(x, x_copy)},
       {DNNL_ARG_WEIGHTS, own.weights},
       {DNNL_ARG_BIAS, onednn::memory_of(own.bias, bias)},
       {DNNL_ARG_DST, to},
       {DNNL_ARG_SCRATCHPAD, onednn::memory_of(own.description.scratchpad_desc(), scratchpad)}});
  own.y.give_back(y_copy, y);
}

template <class In, class Out>
std::size_t Convolution<In, Out>::scratch_bytes() const {
  const Primitive& own = *primitive_;
  return own.margin_bytes + own.scratchpad_bytes() + own.x.bytes() + own.y.bytes();
}

template class Convolution<float>;
template class Convolution<BFloat16>;
template class Convolution<BFloat16, float>;

BFloat16Support bfloat16_support() {
  switch (dnnl::get_effective_cpu_isa()) {
    case dnnl::cpu_isa::avx512_core_bf16:
    case dnnl::cpu_isa::avx512_core_amx:
      return BFloat16Support::arithmetic;
    case dnnl::cpu_isa::avx512_core:
    case dnnl::cpu_isa::avx512_core_vnni:
      return BFloat16Support::emulated;
    default:
      return BFloat16Support::none;
  }
}

}  // namespace hindscale
