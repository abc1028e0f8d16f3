#pragma once
#include "CTorch.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <exception>
#include <optional>
#include <string>
#include <vector>

namespace torch_shim {

void set_error(const std::string &message);
ct_tensor wrap(at::Tensor tensor);

inline at::Tensor &unwrap(ct_tensor tensor) { return *reinterpret_cast<at::Tensor *>(tensor); }
inline std::optional<at::Tensor> optional(ct_tensor tensor) {
  return tensor ? std::optional<at::Tensor>(unwrap(tensor)) : std::nullopt;
}
inline at::IntArrayRef list(const int64_t *values, size_t count) { return at::IntArrayRef(values, count); }
std::vector<at::Tensor> list(const ct_tensor *tensors, size_t count);
at::ScalarType scalar_type(int dtype);
int dtype(at::ScalarType type);
at::Device device(int index);
// Channels innermost, for images and for volumes.
inline at::MemoryFormat channels_last_of(size_t rank) {
  return rank == 5 ? at::MemoryFormat::ChannelsLast3d : at::MemoryFormat::ChannelsLast;
}

// A convolution of volumes: see convolution.cpp.
at::Tensor volume_convolution(const at::Tensor &input, const at::Tensor &weight, const std::optional<at::Tensor> &bias,
                              at::IntArrayRef stride, at::IntArrayRef padding, at::IntArrayRef dilation, int64_t groups);

// What dropout on the CPU draws from: trainings on several threads do not disturb one another. None before it is seeded.
inline thread_local std::optional<at::Generator> thread_generator;

// Gives the calling thread the process's number of threads, unless it has one. Each library remembers on its own whether a thread
// has been given it: asked one after the other at different times, they could change it in the middle of a computation.
inline void take_thread_count() {
  at::get_num_threads();
  at::internal::lazy_init_num_threads();
}

// Runs body; every exception becomes status 1 and a message.
template <typename Body> int guarded(Body body) noexcept {
  try {
    take_thread_count();
    body();
    return 0;
  } catch (const c10::Error &error) {
    set_error(error.what_without_backtrace());
  } catch (const std::exception &error) {
    set_error(error.what());
  } catch (...) {
    set_error("unknown C++ exception");
  }
  return 1;
}

} // namespace torch_shim
