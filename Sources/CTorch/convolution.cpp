// A convolution whose gradient of the weight is one matrix product over the input's patches.
#include "internal.h"

#include <ATen/autocast_mode.h>
#include <torch/csrc/autograd/custom_function.h>

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

namespace torch_shim {
namespace {

// The kernel x kernel patches around the outputs' places as rows x (kernel kernel channels).
at::Tensor patches(const at::Tensor &input, int64_t kernel, int64_t stride, int64_t padding) {
  auto padded = at::constant_pad_nd(input, {padding, padding, padding, padding}).permute({0, 2, 3, 1}).contiguous();
  const auto images = padded.size(0), channels = padded.size(3);
  const auto rows = (padded.size(1) - kernel) / stride + 1, columns = (padded.size(2) - kernel) / stride + 1;
  const auto image = padded.stride(0), row = padded.stride(1), column = padded.stride(2);
  return padded
      .as_strided({images, rows, columns, kernel, kernel, channels},
                  {image, row * stride, column * stride, row, column, 1})
      .reshape({images * rows * columns, kernel * kernel * channels});
}

struct PatchConvolution : torch::autograd::Function<PatchConvolution> {
  static at::Tensor forward(AutogradContext *context, const at::Tensor &input, const at::Tensor &weight, int64_t stride,
                            int64_t padding) {
    context->save_for_backward({input, weight});
    context->saved_data["stride"] = stride;
    context->saved_data["padding"] = padding;
    return at::conv2d(input, weight, {}, {stride, stride}, {padding, padding});
  }

  static variable_list backward(AutogradContext *context, variable_list gradients) {
    const auto saved = context->get_saved_variables();
    const auto &input = saved[0], &weight = saved[1];
    const int64_t stride = context->saved_data["stride"].toInt(), padding = context->saved_data["padding"].toInt();
    const auto outputs = weight.size(0), channels = weight.size(1), kernel = weight.size(2);
    const auto gradient = gradients[0].contiguous(at::MemoryFormat::ChannelsLast);
    at::Tensor input_gradient, weight_gradient;
    if (context->needs_input_grad(0))
      input_gradient = std::get<0>(at::convolution_backward(gradient, input, weight, at::nullopt, {stride, stride},
                                                            {padding, padding}, {1, 1}, false, {0, 0}, 1,
                                                            {true, false, false}));
    if (context->needs_input_grad(1))
      weight_gradient = at::mm(gradient.permute({0, 2, 3, 1}).reshape({-1, outputs}).t(),
                               patches(input, kernel, stride, padding))
                            .view({outputs, kernel, kernel, channels})
                            .permute({0, 3, 1, 2});
    return {input_gradient, weight_gradient, at::Tensor(), at::Tensor()};
  }
};

} // namespace
} // namespace torch_shim

using namespace torch_shim;

extern "C" int ct_conv2d_patches(ct_tensor input, ct_tensor weight, int64_t stride, int64_t padding, ct_tensor *out) {
  return guarded([&] {
    // As autocast does before a convolution; once for all uses of the weight in a step.
    const auto &values = unwrap(input);
    const auto cast = at::autocast::cached_cast(values.scalar_type(), unwrap(weight), values.device().type());
    *out = wrap(PatchConvolution::apply(values, cast, stride, padding));
  });
}
