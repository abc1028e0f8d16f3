// Element-wise operations, reductions, shapes, autograd, and the optimiser's kernel.
#include "internal.h"

#include <ATen/core/grad_mode.h>
#include <torch/csrc/autograd/function_hook.h>
#include <torch/csrc/autograd/variable.h>

using namespace torch_shim;

namespace {

struct GradientAction final : torch::autograd::PostAccumulateGradHook {
  GradientAction(int (*action)(void *), void *context) : action(action), context(context) {}
  void operator()(const at::Tensor &) override {
    if (action(context) != 0) throw std::runtime_error(ct_last_error());
  }
  int (*action)(void *);
  void *context;
};

} // namespace

extern "C" {

int ct_unary(int operation, ct_tensor tensor, ct_tensor *out) {
  return guarded([&] {
    const auto &x = unwrap(tensor);
    switch (operation) {
    case CT_RELU: *out = wrap(at::relu(x)); return;
    case CT_RELU6: *out = wrap(at::hardtanh(x, 0, 6)); return;
    case CT_SIGMOID: *out = wrap(at::sigmoid(x)); return;
    case CT_EXP: *out = wrap(at::exp(x)); return;
    case CT_LOG: *out = wrap(at::log(x)); return;
    case CT_SQRT: *out = wrap(at::sqrt(x)); return;
    case CT_ABS: *out = wrap(at::abs(x)); return;
    case CT_NEGATE: *out = wrap(at::neg(x)); return;
    case CT_SQUARE: *out = wrap(at::square(x)); return;
    case CT_TANH: *out = wrap(at::tanh(x)); return;
    }
    TORCH_CHECK(false, "unknown unary operation ", operation);
  });
}

int ct_unary_in_place(int operation, ct_tensor tensor) {
  return guarded([&] {
    switch (operation) {
    case CT_RELU: at::relu_(unwrap(tensor)); return;
    case CT_RELU6: at::hardtanh_(unwrap(tensor), 0, 6); return;
    }
    TORCH_CHECK(false, "unknown operation in place ", operation);
  });
}

int ct_binary(int operation, ct_tensor left, ct_tensor right, ct_tensor *out) {
  return guarded([&] {
    const auto &a = unwrap(left);
    const auto &b = unwrap(right);
    switch (operation) {
    case CT_ADD: *out = wrap(at::add(a, b)); return;
    case CT_SUBTRACT: *out = wrap(at::sub(a, b)); return;
    case CT_MULTIPLY: *out = wrap(at::mul(a, b)); return;
    case CT_DIVIDE: *out = wrap(at::div(a, b)); return;
    case CT_MATMUL: *out = wrap(at::matmul(a, b)); return;
    case CT_EQUAL: *out = wrap(at::eq(a, b)); return;
    }
    TORCH_CHECK(false, "unknown binary operation ", operation);
  });
}

int ct_binary_scalar(int operation, ct_tensor left, double right, ct_tensor *out) {
  return guarded([&] {
    const auto &a = unwrap(left);
    switch (operation) {
    case CT_ADD: *out = wrap(at::add(a, right)); return;
    case CT_SUBTRACT: *out = wrap(at::sub(a, right)); return;
    case CT_MULTIPLY: *out = wrap(at::mul(a, right)); return;
    case CT_DIVIDE: *out = wrap(at::div(a, right)); return;
    }
    TORCH_CHECK(false, "unknown scalar operation ", operation);
  });
}

int ct_reduce(int operation, ct_tensor tensor, const int64_t *dimensions, size_t count, bool keep, ct_tensor *out) {
  return guarded([&] {
    const auto &x = unwrap(tensor);
    auto axes = list(dimensions, count);
    switch (operation) {
    case CT_SUM: *out = wrap(count ? at::sum(x, axes, keep) : at::sum(x)); return;
    case CT_MEAN: *out = wrap(count ? at::mean(x, axes, keep) : at::mean(x)); return;
    case CT_MAXIMUM: *out = wrap(count ? at::amax(x, axes, keep) : at::max(x)); return;
    case CT_ARGMAX:
      TORCH_CHECK(count <= 1, "argmax takes one dimension, or none");
      *out = wrap(count ? at::argmax(x, dimensions[0], keep) : at::argmax(x));
      return;
    }
    TORCH_CHECK(false, "unknown reduction ", operation);
  });
}

int ct_softmax(ct_tensor tensor, int64_t dimension, bool logarithm, ct_tensor *out) {
  return guarded([&] {
    const auto &x = unwrap(tensor);
    *out = wrap(logarithm ? at::log_softmax(x, dimension) : at::softmax(x, dimension));
  });
}

int ct_reshape(ct_tensor tensor, const int64_t *shape, size_t rank, ct_tensor *out) {
  return guarded([&] { *out = wrap(unwrap(tensor).reshape(list(shape, rank))); });
}

int ct_permute(ct_tensor tensor, const int64_t *order, size_t rank, ct_tensor *out) {
  return guarded([&] { *out = wrap(unwrap(tensor).permute(list(order, rank))); });
}

int ct_narrow(ct_tensor tensor, int64_t dimension, int64_t start, int64_t length, ct_tensor *out) {
  return guarded([&] { *out = wrap(unwrap(tensor).narrow(dimension, start, length)); });
}

int ct_index_select(ct_tensor tensor, int64_t dimension, ct_tensor indices, ct_tensor *out) {
  return guarded([&] { *out = wrap(at::index_select(unwrap(tensor), dimension, unwrap(indices))); });
}

int ct_flip(ct_tensor tensor, int64_t dimension, ct_tensor *out) {
  return guarded([&] { *out = wrap(at::flip(unwrap(tensor), {dimension})); });
}

int ct_join(const ct_tensor *tensors, size_t count, int64_t dimension, bool new_dimension, ct_tensor *out) {
  return guarded([&] {
    auto parts = list(tensors, count);
    *out = wrap(new_dimension ? at::stack(parts, dimension) : at::cat(parts, dimension));
  });
}

int ct_pad(ct_tensor tensor, const int64_t *widths, size_t count, double value, ct_tensor *out) {
  return guarded([&] { *out = wrap(at::constant_pad_nd(unwrap(tensor), list(widths, count), value)); });
}

int ct_set_requires_grad(ct_tensor tensor, bool required) {
  return guarded([&] { unwrap(tensor).set_requires_grad(required); });
}

bool ct_requires_grad(ct_tensor tensor) { return unwrap(tensor).requires_grad(); }

int ct_backward(ct_tensor tensor) {
  return guarded([&] { unwrap(tensor).backward(); });
}

int ct_grad(ct_tensor tensor, ct_tensor *out) {
  return guarded([&] {
    const auto &gradient = unwrap(tensor).grad();
    *out = gradient.defined() ? wrap(gradient) : nullptr;
  });
}

int ct_clear_grad(ct_tensor tensor) {
  return guarded([&] { unwrap(tensor).mutable_grad().reset(); });
}

int ct_on_gradient(ct_tensor leaf, int (*action)(void *), void *context) {
  return guarded([&] {
    std::unique_ptr<torch::autograd::PostAccumulateGradHook> hook;
    if (action) hook = std::make_unique<GradientAction>(action, context);
    torch::autograd::impl::set_post_acc_grad_hooks(unwrap(leaf), std::move(hook));
  });
}

int ct_detach(ct_tensor tensor, ct_tensor *out) {
  return guarded([&] { *out = wrap(unwrap(tensor).detach()); });
}

int ct_copy_into(ct_tensor target, ct_tensor source) {
  return guarded([&] {
    at::NoGradGuard guard;
    TORCH_CHECK(unwrap(target).sizes() == unwrap(source).sizes(), "cannot copy shape ", unwrap(source).sizes(),
                " into shape ", unwrap(target).sizes());
    unwrap(target).copy_(unwrap(source));
  });
}

int ct_add_into(ct_tensor target, ct_tensor source, double factor) {
  return guarded([&] {
    at::NoGradGuard guard;
    unwrap(target).add_(unwrap(source), factor);
  });
}

int ct_scale_into(ct_tensor target, double factor) {
  return guarded([&] {
    at::NoGradGuard guard;
    unwrap(target).mul_(factor);
  });
}

// The fused kernel walks raw memory, so all tensors of one parameter must lie in memory alike.
static bool same_layout(const at::Tensor &a, const at::Tensor &b) {
  if (a.sizes() != b.sizes()) return false;
  for (int64_t axis = 0; axis < a.dim(); axis++)
    if (a.size(axis) != 1 && a.stride(axis) != b.stride(axis)) return false;
  return true;
}

int ct_fused_adam(ct_tensor parameter, ct_tensor gradient, ct_tensor first_moment, ct_tensor second_moment, ct_tensor step,
                  double learning_rate, double beta1, double beta2, double weight_decay, double epsilon, bool decoupled) {
  return guarded([&] {
    at::NoGradGuard guard;
    const auto &p = unwrap(parameter), &m = unwrap(first_moment), &v = unwrap(second_moment);
    at::Tensor g = unwrap(gradient);
    TORCH_CHECK(g.sizes() == p.sizes(), "a gradient of shape ", g.sizes(), " does not fit a parameter of shape ", p.sizes());
    TORCH_CHECK(same_layout(m, p) && same_layout(v, p), "the moments do not lie in memory as their parameter does");
    if (!same_layout(g, p)) g = at::empty_like(p).copy_(g);
    unwrap(step).add_(1);
    if (decoupled)
      at::_fused_adamw_(p, g, m, v, {}, unwrap(step), learning_rate, beta1, beta2, weight_decay, epsilon, false, false);
    else
      at::_fused_adam_(p, g, m, v, {}, unwrap(step), learning_rate, beta1, beta2, weight_decay, epsilon, false, false);
  });
}

} // extern "C"
