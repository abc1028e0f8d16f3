// The layers of the networks.
#include "internal.h"

using namespace torch_shim;

namespace {

// An operation that libtorch has once for two and once for three spatial dimensions.
template <typename Plane, typename Volume> at::Tensor by_axes(size_t axes, Plane plane, Volume volume) {
  TORCH_CHECK(axes == 2 || axes == 3, "expected 2 or 3 spatial dimensions, found ", axes);
  return axes == 2 ? plane() : volume();
}

} // namespace

extern "C" {

int ct_linear(ct_tensor input, ct_tensor weight, ct_tensor bias, ct_tensor *out) {
  return guarded([&] { *out = wrap(at::linear(unwrap(input), unwrap(weight), optional(bias))); });
}

int ct_convolution(ct_tensor input, ct_tensor weight, ct_tensor bias, const int64_t *stride, const int64_t *padding,
                   const int64_t *dilation, size_t axes, int64_t groups, ct_tensor *out) {
  return guarded([&] {
    const auto strides = list(stride, axes), paddings = list(padding, axes), dilations = list(dilation, axes);
    *out = wrap(by_axes(
        axes,
        [&] {
          return at::conv2d(unwrap(input), unwrap(weight), optional(bias), strides, paddings, dilations, groups);
        },
        [&] {
          return volume_convolution(unwrap(input), unwrap(weight), optional(bias), strides, paddings, dilations, groups);
        }));
  });
}

int ct_batch_norm(ct_tensor input, ct_tensor weight, ct_tensor bias, ct_tensor mean, ct_tensor variance, bool training,
                  double momentum, double epsilon, ct_tensor *out) {
  return guarded([&] {
    *out = wrap(at::batch_norm(unwrap(input), optional(weight), optional(bias), optional(mean), optional(variance), training,
                               momentum, epsilon, /*cudnn_enabled=*/true));
  });
}

int ct_max_pool(ct_tensor input, const int64_t *kernel, const int64_t *stride, const int64_t *padding, size_t axes,
                bool ceiling, ct_tensor *out) {
  return guarded([&] {
    const auto kernels = list(kernel, axes), strides = list(stride, axes), paddings = list(padding, axes);
    const std::vector<int64_t> dilation(axes, 1);
    *out = wrap(by_axes(
        axes, [&] { return at::max_pool2d(unwrap(input), kernels, strides, paddings, dilation, ceiling); },
        [&] { return at::max_pool3d(unwrap(input), kernels, strides, paddings, dilation, ceiling); }));
  });
}

int ct_average_pool(ct_tensor input, const int64_t *kernel, const int64_t *stride, const int64_t *padding, size_t axes,
                    bool ceiling, bool counts_padding, ct_tensor *out) {
  return guarded([&] {
    const auto kernels = list(kernel, axes), strides = list(stride, axes), paddings = list(padding, axes);
    *out = wrap(by_axes(
        axes, [&] { return at::avg_pool2d(unwrap(input), kernels, strides, paddings, ceiling, counts_padding); },
        [&] { return at::avg_pool3d(unwrap(input), kernels, strides, paddings, ceiling, counts_padding); }));
  });
}

int ct_average_pool_to_one(ct_tensor input, ct_tensor *out) {
  return guarded([&] {
    const auto &x = unwrap(input);
    *out = wrap(by_axes(
        size_t(x.dim() - 2), [&] { return at::adaptive_avg_pool2d(x, {1, 1}); },
        [&] { return at::adaptive_avg_pool3d(x, {1, 1, 1}); }));
  });
}

int ct_dropout(ct_tensor input, double probability, bool training, ct_tensor *out) {
  return guarded([&] {
    const at::Tensor &whole = unwrap(input);
    if (!training || probability <= 0 || probability >= 1 || !whole.is_cpu()) {
      *out = wrap(at::dropout(whole, probability, training));
      return;
    }
    // As at::dropout does it, which can only draw from the generator that all threads share.
    const double kept = 1 - probability;
    *out = wrap(whole * at::empty_like(whole).bernoulli_(kept, thread_generator).div_(kept));
  });
}

int ct_cross_entropy(ct_tensor logits, ct_tensor targets, ct_tensor class_weights, ct_tensor *out) {
  return guarded([&] { *out = wrap(at::cross_entropy_loss(unwrap(logits), unwrap(targets), optional(class_weights))); });
}

int ct_resize_bilinear(ct_tensor input, int64_t height, int64_t width, ct_tensor *out) {
  return guarded([&] {
    const int64_t size[] = {height, width};
    *out = wrap(at::upsample_bilinear2d(unwrap(input), at::IntArrayRef(size, 2), /*align_corners=*/false));
  });
}

} // extern "C"
