// The layers of the networks.
#include "internal.h"

using namespace torch_shim;

extern "C" {

int ct_linear(ct_tensor input, ct_tensor weight, ct_tensor bias, ct_tensor *out) {
  return guarded([&] { *out = wrap(at::linear(unwrap(input), unwrap(weight), optional(bias))); });
}

int ct_conv2d(ct_tensor input, ct_tensor weight, ct_tensor bias, int64_t stride, int64_t padding, int64_t groups,
              ct_tensor *out) {
  return guarded([&] {
    const int64_t one[] = {1, 1};
    const int64_t strides[] = {stride, stride}, paddings[] = {padding, padding};
    *out = wrap(at::conv2d(unwrap(input), unwrap(weight), optional(bias), at::IntArrayRef(strides, 2),
                           at::IntArrayRef(paddings, 2), at::IntArrayRef(one, 2), groups));
  });
}

int ct_batch_norm(ct_tensor input, ct_tensor weight, ct_tensor bias, ct_tensor mean, ct_tensor variance, bool training,
                  double momentum, double epsilon, ct_tensor *out) {
  return guarded([&] {
    *out = wrap(at::batch_norm(unwrap(input), optional(weight), optional(bias), optional(mean), optional(variance), training,
                               momentum, epsilon, /*cudnn_enabled=*/true));
  });
}

int ct_max_pool2d(ct_tensor input, int64_t kernel, int64_t stride, int64_t padding, ct_tensor *out) {
  return guarded([&] {
    const int64_t kernels[] = {kernel, kernel}, strides[] = {stride, stride}, paddings[] = {padding, padding};
    *out = wrap(at::max_pool2d(unwrap(input), at::IntArrayRef(kernels, 2), at::IntArrayRef(strides, 2),
                               at::IntArrayRef(paddings, 2)));
  });
}

int ct_average_pool_to_one(ct_tensor input, ct_tensor *out) {
  return guarded([&] { *out = wrap(at::adaptive_avg_pool2d(unwrap(input), {1, 1})); });
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
