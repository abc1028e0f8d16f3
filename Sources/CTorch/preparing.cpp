// Grey images become what a network for colour takes, in one pass over memory.
#include "internal.h"

#include <ATen/Parallel.h>
#include <algorithm>
#include <vector>

#ifdef __x86_64__
#define FOR_EACH_PROCESSOR __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define FOR_EACH_PROCESSOR
#endif

namespace torch_shim {
namespace {

// Which two of a line's elements each element of the longer line lies between, and the second one's weight: half-pixel centres,
// as PyTorch's interpolate has them.
struct Taps {
  std::vector<int32_t> first, second;
  std::vector<float> weight;

  Taps(int64_t count, int64_t size) : first(size), second(size), weight(size) {
    const float scale = float(count) / float(size);
    for (int64_t index = 0; index < size; index++) {
      const float position = std::max(scale * (float(index) + 0.5f) - 0.5f, 0.0f);
      first[index] = int32_t(std::min(int64_t(position), count - 1));
      second[index] = int32_t(std::min<int64_t>(first[index] + 1, count - 1));
      weight[index] = std::min(std::max(position - float(first[index]), 0.0f), 1.0f);
    }
  }
};

FOR_EACH_PROCESSOR
void blend_lines(const float *__restrict first, const float *__restrict second, float weight, int64_t count,
                 float *__restrict out) {
  for (int64_t index = 0; index < count; index++) out[index] = first[index] * (1 - weight) + second[index] * weight;
}

FOR_EACH_PROCESSOR
void colour_line(const float *__restrict line, const int32_t *__restrict first, const int32_t *__restrict second,
                 const float *__restrict weight, int64_t size, const float *__restrict factors,
                 const float *__restrict offsets, float *__restrict out) {
  const float red = factors[0], green = factors[1], blue = factors[2];
  const float no_red = offsets[0], no_green = offsets[1], no_blue = offsets[2];
  for (int64_t index = 0; index < size; index++) {
    const float grey = line[first[index]] * (1 - weight[index]) + line[second[index]] * weight[index];
    out[3 * index] = grey * red + no_red;
    out[3 * index + 1] = grey * green + no_green;
    out[3 * index + 2] = grey * blue + no_blue;
  }
}

} // namespace
} // namespace torch_shim

using namespace torch_shim;

extern "C" int ct_colour_from_grey(ct_tensor grey, int64_t size, const float *factors, const float *offsets, ct_tensor *out) {
  return guarded([&] {
    const at::Tensor images = unwrap(grey).contiguous();
    TORCH_CHECK(images.is_cpu() && images.scalar_type() == at::kFloat && images.dim() == 4 && images.size(1) == 1 && size > 0,
                "expected N x 1 x H x W float32 on the CPU, found ", images.sizes(), " of ", images.scalar_type());
    const int64_t count = images.size(0), height = images.size(2), width = images.size(3);
    TORCH_CHECK(height > 0 && width > 0, "expected images of one pixel or more, found ", images.sizes());
    auto result = at::empty({count, 3, size, size}, images.options().memory_format(at::MemoryFormat::ChannelsLast));
    const Taps down(height, size), across(width, size);
    const auto *input = images.const_data_ptr<float>();
    auto *output = result.data_ptr<float>();
    at::parallel_for(0, count * size, 64, [&](int64_t begin, int64_t end) {
      std::vector<float> line(width);
      for (int64_t row = begin; row < end; row++) {
        const auto *image = input + row / size * height * width;
        const int64_t y = row % size;
        blend_lines(image + down.first[y] * width, image + down.second[y] * width, down.weight[y], width, line.data());
        colour_line(line.data(), across.first.data(), across.second.data(), across.weight.data(), size, factors, offsets,
                    output + row * size * 3);
      }
    });
    *out = wrap(std::move(result));
  });
}
