// A convolution in a lower type than its weight's, for training: the weight's copy in that type is made anew for the backward
// pass instead of kept, and products of matrices stand in for what the library's convolutions are slow at.
#include "internal.h"

#include <torch/csrc/autograd/custom_function.h>

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

namespace torch_shim {
namespace {

at::Tensor channels_innermost(const at::Tensor &images) { return images.permute({0, 2, 3, 1}); }

// All places of all images as rows x channels.
at::Tensor rows(const at::Tensor &images) { return channels_innermost(images).reshape({-1, images.size(1)}); }

// The reverse: rows at the places of `like`.
at::Tensor images(const at::Tensor &rows, const at::Tensor &like) {
  return rows.view({like.size(0), like.size(2), like.size(3), rows.size(1)}).permute({0, 3, 1, 2});
}

// The places that a 1 x 1 kernel sees.
at::Tensor seen(const at::Tensor &images, int64_t stride) {
  if (stride == 1) return images;
  return images.slice(2, 0, images.size(2), stride).slice(3, 0, images.size(3), stride);
}

// The kernel x kernel patches around the outputs' places as rows x (kernel kernel channels).
at::Tensor patches(const at::Tensor &input, int64_t kernel, int64_t stride, int64_t padding) {
  const auto padded = channels_innermost(at::constant_pad_nd(input, {padding, padding, padding, padding})).contiguous();
  const auto count = padded.size(0), channels = padded.size(3);
  const auto height = (padded.size(1) - kernel) / stride + 1, width = (padded.size(2) - kernel) / stride + 1;
  const auto image = padded.stride(0), row = padded.stride(1), column = padded.stride(2);
  return padded
      .as_strided({count, height, width, kernel, kernel, channels}, {image, row * stride, column * stride, row, column, 1})
      .reshape({count * height * width, kernel * kernel * channels});
}

struct TrainedConvolution : torch::autograd::Function<TrainedConvolution> {
  static at::Tensor forward(AutogradContext *context, const at::Tensor &input, const at::Tensor &weight, int64_t stride,
                            int64_t padding, int64_t method) {
    context->save_for_backward({input, weight});
    context->saved_data["stride"] = stride;
    context->saved_data["padding"] = padding;
    context->saved_data["method"] = method;
    const auto cast = weight.to(input.scalar_type());
    if (method != CT_POINTWISE_PRODUCT) return at::conv2d(input, cast, {}, {stride, stride}, {padding, padding});
    const auto places = seen(input, stride);
    return images(at::mm(rows(places), cast.view({cast.size(0), cast.size(1)}).t()), places);
  }

  static variable_list backward(AutogradContext *context, variable_list gradients) {
    const auto saved = context->get_saved_variables();
    const auto &input = saved[0], &weight = saved[1];
    const int64_t stride = context->saved_data["stride"].toInt(), padding = context->saved_data["padding"].toInt();
    const int64_t method = context->saved_data["method"].toInt();
    const bool for_input = context->needs_input_grad(0), for_weight = context->needs_input_grad(1);
    const auto gradient = gradients[0].contiguous(at::MemoryFormat::ChannelsLast);
    at::Tensor input_gradient, weight_gradient;
    if (method == CT_POINTWISE_PRODUCT) {
      if (for_weight) weight_gradient = at::mm(rows(gradient).t(), rows(seen(input, stride))).view(weight.sizes());
      if (for_input) {
        const auto cast = weight.to(input.scalar_type()).view({weight.size(0), weight.size(1)});
        const auto product = images(at::mm(rows(gradient), cast), gradient);
        if (stride == 1)
          input_gradient = product;
        else {
          input_gradient = at::zeros_like(input);
          seen(input_gradient, stride).copy_(product);
        }
      }
    } else {
      const bool by_patches = method == CT_PATCH_GRADIENT && for_weight;
      if (for_input || (for_weight && !by_patches))
        std::tie(input_gradient, weight_gradient, std::ignore) = at::convolution_backward(
            gradient, input, weight.to(input.scalar_type()), at::nullopt, {stride, stride}, {padding, padding}, {1, 1}, false,
            {0, 0}, 1, {for_input, for_weight && !by_patches, false});
      if (by_patches)
        weight_gradient = at::mm(rows(gradient).t(), patches(input, weight.size(2), stride, padding))
                              .view({weight.size(0), weight.size(2), weight.size(3), weight.size(1)})
                              .permute({0, 3, 1, 2});
    }
    if (weight_gradient.defined()) weight_gradient = weight_gradient.to(weight.scalar_type());
    return {input_gradient, weight_gradient, at::Tensor(), at::Tensor(), at::Tensor()};
  }
};

} // namespace

// libtorch 2.15 has kernels for this whose gradients read and write memory that is not theirs, in bfloat16 and in float32: other
// numbers each time, none, or a heap that is damaged. Its convolutions of images are sound, and a convolution of volumes is one
// of images: each slice of the result sees the slices under the kernel one after the other as channels.
at::Tensor volume_convolution(const at::Tensor &input, const at::Tensor &weight, const std::optional<at::Tensor> &bias,
                              at::IntArrayRef stride, at::IntArrayRef padding, at::IntArrayRef dilation, int64_t groups) {
  if (!input.is_cpu()) return at::conv3d(input, weight, bias, stride, padding, dilation, groups);
  TORCH_CHECK(input.dim() == 5 && weight.dim() == 5 && groups == 1 && input.size(1) == weight.size(1),
              "expected volumes and a kernel of as many channels in one group, found ", input.sizes(), ", ", weight.sizes(),
              " and ", groups, " groups");
  const auto count = input.size(0), depth = weight.size(2), reach = dilation[0] * (depth - 1) + 1;
  const auto padded = input.size(2) + 2 * padding[0];
  TORCH_CHECK(padded >= reach, "the kernel spans ", reach, " slices, but there are ", padded, " with the padding");
  const auto slices = (padded - reach) / stride[0] + 1;
  const bool channels_last = input.suggest_memory_format() == at::MemoryFormat::ChannelsLast3d ||
                             weight.suggest_memory_format() == at::MemoryFormat::ChannelsLast3d;
  const auto of_images = channels_last ? at::MemoryFormat::ChannelsLast : at::MemoryFormat::Contiguous;
  const auto of_volumes = channels_last ? at::MemoryFormat::ChannelsLast3d : at::MemoryFormat::Contiguous;
  auto stack = input.transpose(1, 2);
  if (padding[0] > 0) stack = at::constant_pad_nd(stack, {0, 0, 0, 0, 0, 0, padding[0], padding[0]});
  std::vector<at::Tensor> seen;
  for (int64_t tap = 0; tap < depth; ++tap) {
    const auto first = tap * dilation[0], end = first + stride[0] * (slices - 1) + 1;
    seen.push_back(stack.slice(1, first, end, stride[0]).flatten(0, 1).contiguous(of_images));
  }
  const auto images = depth == 1 ? seen[0] : at::cat(seen, 1);
  const auto kernel = weight.transpose(1, 2).flatten(1, 2).contiguous(of_images);
  const auto result = at::conv2d(images, kernel, bias, stride.slice(1), padding.slice(1), dilation.slice(1));
  return result.unflatten(0, {count, slices}).transpose(1, 2).contiguous(of_volumes);
}

} // namespace torch_shim

using namespace torch_shim;

extern "C" int ct_conv2d_trained(ct_tensor input, ct_tensor weight, int64_t stride, int64_t padding, int method,
                                 ct_tensor *out) {
  return guarded([&] { *out = wrap(TrainedConvolution::apply(unwrap(input), unwrap(weight), stride, padding, method)); });
}
