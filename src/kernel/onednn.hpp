// SPDX-License-Identifier: Apache-2.0
// What all uses of oneDNN share: engine, number types, construction, errors.
#pragma once

#include <dnnl.hpp>
#include <string>
#include <type_traits>

#include "hindscale/core/error.hpp"
#include "hindscale/kernel/bfloat16.hpp"
#include "hindscale/kernel/one_thread.hpp"

namespace hindscale::onednn {

inline const dnnl::engine& engine() {
  static const dnnl::engine cpu(dnnl::engine::kind::cpu, 0);  // stateless on CPUs
  return cpu;
}

template <class T>
constexpr dnnl::memory::data_type type_of() {
  return std::is_same_v<T, float> ? dnnl::memory::data_type::f32 : dnnl::memory::data_type::bf16;
}

/// A view of caller's memory for oneDNN, which takes no constant pointers.
template <class T>
dnnl::memory memory_of(const dnnl::memory::desc& shape, const T* data) {
  return {shape, engine(), const_cast<T*>(data)};
}

/// Calls `build`; SystemError saying `what` where oneDNN refuses.
template <class Build>
auto built_for_threads(const char* what, const Build& build) {
  try {
    return build();
  } catch (const dnnl::error& error) {
    throw SystemError({.problem = std::string("oneDNN cannot make ") + what, .why = error.what()});
  }
}

/// The same for work that is not cut over threads: how it is cut must not depend on the process.
template <class Build>
auto built(const char* what, const Build& build) {
  const OneThread one_thread;
  return built_for_threads(what, build);
}

/// Attributes of primitives whose scratch memory comes from the caller.
inline dnnl::primitive_attr own_scratch() {
  dnnl::primitive_attr attributes;
  attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  return attributes;
}

/// The stream of this thread: oneDNN computes in the calling thread.
inline dnnl::stream& stream() {
  thread_local dnnl::stream mine(engine());
  return mine;
}

}  // namespace hindscale::onednn
