// Creation, copies, devices, and libtorch's global state.
#include "internal.h"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/autocast_mode.h>
#include <ATen/cpu/Utils.h>
#include <ATen/core/grad_mode.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <ATen/Version.h>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <mutex>
#include <torch/headeronly/version.h>

namespace torch_shim {

static thread_local std::string last_error;
static std::atomic<int64_t> live{0};

void set_error(const std::string &message) { last_error = message; }

ct_tensor wrap(at::Tensor tensor) {
  auto *handle = new at::Tensor(std::move(tensor));
  live.fetch_add(1, std::memory_order_relaxed);
  return reinterpret_cast<ct_tensor>(handle);
}

std::vector<at::Tensor> list(const ct_tensor *tensors, size_t count) {
  std::vector<at::Tensor> result;
  result.reserve(count);
  for (size_t index = 0; index < count; index++) result.push_back(unwrap(tensors[index]));
  return result;
}

static constexpr at::ScalarType types[] = {at::kFloat, at::kBFloat16, at::kDouble, at::kLong,
                                           at::kByte,  at::kBool,     at::kHalf,   at::kInt};

at::ScalarType scalar_type(int dtype) {
  TORCH_CHECK(dtype >= 0 && dtype < 8, "unknown dtype ", dtype);
  return types[dtype];
}

int dtype(at::ScalarType type) {
  for (int index = 0; index < 8; index++)
    if (types[index] == type) return index;
  return -1;
}

static void *load_cuda() {
  static void *library = dlopen("libtorch_cuda.so", RTLD_NOW | RTLD_GLOBAL);
  return library;
}

at::Device device(int index) {
  if (index < 0) return at::Device(at::kCPU);
  TORCH_CHECK(ct_cuda_available(), "CUDA is not available: ", ct_cuda_status());
  return at::Device(at::kCUDA, static_cast<c10::DeviceIndex>(index));
}

} // namespace torch_shim

using namespace torch_shim;

extern "C" {

const char *ct_last_error(void) { return last_error.c_str(); }
int64_t ct_live_count(void) { return live.load(std::memory_order_relaxed); }

int ct_from_parts(const void *const *parts, size_t count, size_t part_byte_count, const int64_t *shape, size_t rank,
                  int dtype, int device, ct_tensor *out) {
  return guarded([&] {
    const bool is_upload = device >= 0;
    auto options = at::TensorOptions(scalar_type(dtype)).pinned_memory(is_upload);
    auto tensor = at::empty(list(shape, rank), options);
    TORCH_CHECK(tensor.nbytes() == count * part_byte_count, "expected ", tensor.nbytes(), " bytes, found ", count,
                " parts of ", part_byte_count);
    auto *bytes = static_cast<char *>(tensor.data_ptr());
    for (size_t index = 0; index < count && part_byte_count > 0; index++)
      std::memcpy(bytes + index * part_byte_count, parts[index], part_byte_count);
    *out = wrap(is_upload ? tensor.to(torch_shim::device(device), /*non_blocking=*/true) : tensor);
  });
}

int ct_full(const int64_t *shape, size_t rank, double value, int dtype, int device, ct_tensor *out) {
  return guarded([&] {
    auto options = at::TensorOptions(scalar_type(dtype)).device(torch_shim::device(device));
    *out = wrap(at::full(list(shape, rank), value, options));
  });
}

int ct_random(const int64_t *shape, size_t rank, bool normal, uint64_t seed, ct_tensor *out) {
  return guarded([&] {
    auto generator = at::detail::createCPUGenerator(seed);
    auto options = at::TensorOptions(at::kFloat);
    *out = wrap(normal ? at::randn(list(shape, rank), generator, options) : at::rand(list(shape, rank), generator, options));
  });
}

int ct_clone(ct_tensor tensor, ct_tensor *out) {
  return guarded([&] { *out = wrap(unwrap(tensor).detach().clone()); });
}

int ct_zeros_like(ct_tensor tensor, ct_tensor *out) {
  return guarded([&] { *out = wrap(at::zeros_like(unwrap(tensor).detach())); });
}

int ct_free(ct_tensor tensor) {
  return guarded([&] {
    if (!tensor) return;
    delete &unwrap(tensor);
    live.fetch_sub(1, std::memory_order_relaxed);
  });
}

size_t ct_rank(ct_tensor tensor) { return unwrap(tensor).dim(); }
int64_t ct_size(ct_tensor tensor, size_t dimension) { return unwrap(tensor).sizes()[dimension]; }
int64_t ct_element_count(ct_tensor tensor) { return unwrap(tensor).numel(); }
int ct_dtype(ct_tensor tensor) { return torch_shim::dtype(unwrap(tensor).scalar_type()); }
int ct_device(ct_tensor tensor) { return unwrap(tensor).is_cuda() ? unwrap(tensor).get_device() : -1; }
bool ct_is_channels_last(ct_tensor tensor) {
  return unwrap(tensor).is_contiguous(channels_last_of(ct_rank(tensor)));
}

int ct_copy_data(ct_tensor tensor, void *out, size_t byte_count) {
  return guarded([&] {
    auto flat = unwrap(tensor).detach().to(at::kCPU).contiguous();
    TORCH_CHECK(flat.nbytes() == byte_count, "expected ", flat.nbytes(), " bytes, asked for ", byte_count);
    if (byte_count > 0) std::memcpy(out, flat.data_ptr(), byte_count);
  });
}

int ct_to(ct_tensor tensor, int dtype, int device, int format, ct_tensor *out) {
  return guarded([&] {
    auto options = at::TensorOptions(scalar_type(dtype)).device(torch_shim::device(device));
    auto memory = format == CT_CHANNELS_LAST ? channels_last_of(ct_rank(tensor))
                  : format == CT_CONTIGUOUS  ? at::MemoryFormat::Contiguous
                                             : at::MemoryFormat::Preserve;
    *out = wrap(unwrap(tensor).to(options, /*non_blocking=*/false, /*copy=*/false, memory));
  });
}

bool ct_grad_enabled(void) { return at::GradMode::is_enabled(); }
void ct_set_grad_enabled(bool enabled) { at::GradMode::set_enabled(enabled); }

// What autocast was before each ct_autocast_begin that has not ended yet.
struct AutocastState {
  at::DeviceType device;
  bool enabled;
  at::ScalarType dtype;
};
static thread_local std::vector<AutocastState> autocast_states;

int ct_autocast_begin(int device, int dtype) {
  return guarded([&] {
    auto type = torch_shim::device(device).type();
    auto wanted = scalar_type(dtype);
    TORCH_CHECK(wanted == at::kBFloat16 || wanted == at::kHalf, "autocast takes bfloat16 or float16, found ", wanted);
    autocast_states.push_back({type, at::autocast::is_autocast_enabled(type), at::autocast::get_autocast_dtype(type)});
    at::autocast::set_autocast_dtype(type, wanted);
    at::autocast::set_autocast_enabled(type, true);
    at::autocast::increment_nesting();
  });
}

int ct_autocast_end(void) {
  return guarded([&] {
    TORCH_CHECK(!autocast_states.empty(), "ct_autocast_end without ct_autocast_begin on this thread");
    auto before = autocast_states.back();
    autocast_states.pop_back();
    if (at::autocast::decrement_nesting() == 0) at::autocast::clear_cache();
    at::autocast::set_autocast_enabled(before.device, before.enabled);
    at::autocast::set_autocast_dtype(before.device, before.dtype);
  });
}

void ct_set_thread_count(int count) {
  take_thread_count(); // The first look takes the number of the process, also after the thread was given its own.
  at::set_num_threads(count);
}
int ct_thread_count(void) { return at::get_num_threads(); }

int ct_set_deterministic(bool deterministic) {
  return guarded([&] {
    // cuBLAS refuses to be deterministic without a workspace of its own; it reads this when CUDA starts.
    if (deterministic) setenv("CUBLAS_WORKSPACE_CONFIG", ":4096:8", /*overwrite=*/0);
    at::globalContext().setDeterministicAlgorithms(deterministic, /*warn_only=*/false);
    // Filling every new tensor with NaN would only slow things down: nothing here reads memory that it did not write.
    at::globalContext().setDeterministicFillUninitializedMemory(false);
    at::globalContext().setDeterministicCuDNN(deterministic);
    at::globalContext().setBenchmarkCuDNN(!deterministic);
  });
}

void ct_allow_tf32(bool allowed) { at::globalContext().setAllowTF32CuDNN(allowed); }

int ct_manual_seed(uint64_t seed) {
  return guarded([&] {
    at::manual_seed(seed);
    thread_generator = at::detail::createCPUGenerator(seed);
  });
}

const char *ct_version(void) { return TORCH_VERSION; }

const char *ct_cpu_capability(void) {
  static const std::string capability = at::get_cpu_capability();
  return capability.c_str();
}

static bool has_capability(std::initializer_list<const char *> names) {
  const auto capabilities = at::cpu::get_cpu_capabilities();
  for (const char *name : names) {
    const auto found = capabilities.find(name);
    if (found != capabilities.end() && found->second.isBool() && found->second.toBool()) return true;
  }
  return false;
}

bool ct_has_fast_bfloat16(int device) {
  try {
    if (device >= 0) return ct_cuda_available() && at::detail::getCUDAHooks().supportsBFloat16ConvolutionWithCuDNNv8();
    return has_capability({"avx512_bf16", "amx_bf16"});
  } catch (...) {
    return false;
  }
}

bool ct_has_tile_products(void) {
  try {
    return has_capability({"amx_bf16"});
  } catch (...) {
    return false;
  }
}

bool ct_cuda_available(void) {
  try {
    return load_cuda() != nullptr && at::globalContext().hasCUDA() && at::detail::getCUDAHooks().deviceCount() > 0;
  } catch (...) {
    return false;
  }
}

int ct_cuda_device_count(void) { return ct_cuda_available() ? at::detail::getCUDAHooks().deviceCount() : 0; }

const char *ct_cuda_device_name(int device) {
  static thread_local char name[256];
  name[0] = 0;
  if (!ct_cuda_available()) return name;
  // The driver is loaded by now; its own header is not needed for two functions that have been there since its first version.
  void *driver = dlopen("libcuda.so.1", RTLD_NOW);
  if (!driver) return name;
  auto get = reinterpret_cast<int (*)(int *, int)>(dlsym(driver, "cuDeviceGet"));
  auto describe = reinterpret_cast<int (*)(char *, int, int)>(dlsym(driver, "cuDeviceGetName"));
  int handle = 0;
  if (!get || !describe || get(&handle, device) != 0 || describe(name, sizeof name, handle) != 0) name[0] = 0;
  return name;
}

const char *ct_cuda_status(void) {
  if (!load_cuda()) return "libtorch's CUDA library is not installed";
  return ct_cuda_available() ? "available" : "no CUDA device was found";
}

} // extern "C"
