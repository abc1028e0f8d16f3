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

// The kernel of volumes for images whose channels are the slices under it one after the other; one of images as it is.
at::Tensor kernel_of_images(const at::Tensor &weight, bool channels_last) {
  if (weight.dim() == 4) return weight;
  return weight.transpose(1, 2).flatten(1, 2).contiguous(channels_last ? at::MemoryFormat::ChannelsLast
                                                                       : at::MemoryFormat::Contiguous);
}

// A gradient of that kernel as one of the weight that it was made of.
at::Tensor gradient_of_weight(const at::Tensor &gradient, const at::Tensor &weight) {
  if (weight.dim() == 4) return gradient.to(weight.scalar_type());
  return gradient.unflatten(1, {weight.size(2), weight.size(1)}).transpose(1, 2).to(weight.scalar_type());
}

struct TrainedConvolution : torch::autograd::Function<TrainedConvolution> {
  // The weight's copy in the input's type.
  static at::Tensor kernel(const at::Tensor &weight, const at::Tensor &input) {
    return kernel_of_images(weight.to(input.scalar_type()), input.is_contiguous(at::MemoryFormat::ChannelsLast));
  }

  static at::Tensor forward(AutogradContext *context, const at::Tensor &input, const at::Tensor &weight, int64_t stride,
                            int64_t padding, int64_t method) {
    context->save_for_backward({input, weight});
    context->saved_data["stride"] = stride;
    context->saved_data["padding"] = padding;
    context->saved_data["method"] = method;
    const auto cast = kernel(weight, input);
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
      if (for_weight) weight_gradient = at::mm(rows(gradient).t(), rows(seen(input, stride))).unsqueeze(2).unsqueeze(3);
      if (for_input) {
        const auto cast = kernel(weight, input);
        const auto product = images(at::mm(rows(gradient), cast.view({cast.size(0), cast.size(1)})), gradient);
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
            gradient, input, kernel(weight, input), at::nullopt, {stride, stride}, {padding, padding}, {1, 1}, false,
            {0, 0}, 1, {for_input, for_weight && !by_patches, false});
      if (by_patches)
        weight_gradient = at::mm(rows(gradient).t(), patches(input, weight.size(-1), stride, padding))
                              .view({weight.size(0), weight.size(-1), weight.size(-1), input.size(1)})
                              .permute({0, 3, 1, 2});
    }
    if (weight_gradient.defined()) weight_gradient = gradient_of_weight(weight_gradient, weight);
    return {input_gradient, weight_gradient, at::Tensor(), at::Tensor(), at::Tensor()};
  }
};

} // namespace

namespace {

bool lies_channels_last(const at::Tensor &volumes) {
  return volumes.suggest_memory_format() == at::MemoryFormat::ChannelsLast3d;
}

// For each slice of the result one image, whose channels are the slices under the kernel one after the other.
at::Tensor slices_under_kernel(const at::Tensor &input, int64_t depth, int64_t stride, int64_t padding, int64_t dilation,
                               bool channels_last) {
  const auto padded = input.size(2) + 2 * padding, reach = dilation * (depth - 1) + 1;
  TORCH_CHECK(padded >= reach, "the kernel spans ", reach, " slices, but there are ", padded, " with the padding");
  const auto slices = (padded - reach) / stride + 1;
  // Slices first; where the channels lie innermost they stay so, which spares a copy.
  auto stack = channels_last ? input.permute({0, 2, 3, 4, 1}) : input.transpose(1, 2);
  const int64_t channels = channels_last ? 4 : 2;
  if (padding > 0) stack = at::constant_pad_nd(stack, {0, 0, 0, 0, 0, 0, padding, padding});
  std::vector<at::Tensor> taps;
  for (int64_t tap = 0; tap < depth; ++tap) {
    const auto first = tap * dilation;
    taps.push_back(stack.slice(1, first, first + stride * (slices - 1) + 1, stride));
  }
  const auto seen = (depth == 1 ? taps[0] : at::cat(taps, channels)).flatten(0, 1);
  return channels_last ? seen.permute({0, 3, 1, 2}) : seen;
}

at::Tensor images_as_volumes(const at::Tensor &images, int64_t count, bool channels_last) {
  return images.unflatten(0, {count, images.size(0) / count})
      .transpose(1, 2)
      .contiguous(channels_last ? at::MemoryFormat::ChannelsLast3d : at::MemoryFormat::Contiguous);
}

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
  const bool channels_last = lies_channels_last(input) || lies_channels_last(weight);
  const auto images = slices_under_kernel(input, weight.size(2), stride[0], padding[0], dilation[0], channels_last);
  const auto result = at::conv2d(images, kernel_of_images(weight, channels_last), bias, stride.slice(1), padding.slice(1),
                                 dilation.slice(1));
  return images_as_volumes(result, input.size(0), channels_last);
}

} // namespace torch_shim

using namespace torch_shim;

extern "C" int ct_convolution_trained(ct_tensor input, ct_tensor weight, const int64_t *stride, const int64_t *padding,
                                      size_t axes, int method, ct_tensor *out) {
  return guarded([&] {
    const at::Tensor &whole = unwrap(input), &kernel = unwrap(weight);
    if (axes == 2) {
      *out = wrap(TrainedConvolution::apply(whole, kernel, stride[0], padding[0], method));
      return;
    }
    TORCH_CHECK(axes == 3 && whole.dim() == 5 && kernel.dim() == 5, "expected images or volumes, found ", whole.sizes());
    const bool channels_last = lies_channels_last(whole) || lies_channels_last(kernel);
    const auto images = slices_under_kernel(whole, kernel.size(2), stride[0], padding[0], 1, channels_last);
    const auto result =
        TrainedConvolution::apply(images, kernel, stride[1], padding[1], method);
    *out = wrap(images_as_volumes(result, whole.size(0), channels_last));
  });
}
