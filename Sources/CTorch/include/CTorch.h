// A C view of the parts of libtorch that RenalGrade uses. It holds no policy.
//
// Every function that can fail returns 0 on success and 1 on failure, and leaves libtorch's message in ct_last_error() of
// the calling thread. A ct_tensor that a function hands out is owned by the caller, who releases it with ct_free.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ct_tensor_ *ct_tensor;

enum { CT_FLOAT32 = 0, CT_BFLOAT16, CT_FLOAT64, CT_INT64, CT_UINT8, CT_BOOL, CT_FLOAT16, CT_INT32 };
enum { CT_KEEP_FORMAT = 0, CT_CONTIGUOUS, CT_CHANNELS_LAST };
enum { CT_RELU = 0, CT_RELU6, CT_SIGMOID, CT_EXP, CT_LOG, CT_SQRT, CT_ABS, CT_NEGATE, CT_SQUARE, CT_TANH };
enum { CT_ADD = 0, CT_SUBTRACT, CT_MULTIPLY, CT_DIVIDE, CT_MATMUL, CT_EQUAL };
enum { CT_SUM = 0, CT_MEAN, CT_MAXIMUM, CT_ARGMAX };

const char *ct_last_error(void);
int64_t ct_live_count(void);

// Devices are -1 for the CPU and 0, 1, ... for CUDA devices.
// A tensor from parts of equal size that lie apart. Towards a GPU the copy goes through page-locked memory, and the caller
// does not wait for it.
int ct_from_parts(const void *const *parts, size_t count, size_t part_byte_count, const int64_t *shape, size_t rank,
                  int dtype, int device, ct_tensor *out);
// A tensor on the CPU from data of `dtype`, in another type and, where asked for, with channels innermost; without a copy in
// between.
int ct_from_data_converted(const void *data, const int64_t *shape, size_t rank, int dtype, int wanted_dtype,
                           bool channels_last, ct_tensor *out);
int ct_full(const int64_t *shape, size_t rank, double value, int dtype, int device, ct_tensor *out);
int ct_random(const int64_t *shape, size_t rank, bool normal, uint64_t seed, ct_tensor *out);
// A copy that shares no memory and no record with the tensor, in the same memory format.
int ct_clone(ct_tensor tensor, ct_tensor *out);
// Zeros of the tensor's shape, type, device and memory format.
int ct_zeros_like(ct_tensor tensor, ct_tensor *out);
int ct_free(ct_tensor tensor);

size_t ct_rank(ct_tensor tensor);
int64_t ct_size(ct_tensor tensor, size_t dimension);
int64_t ct_element_count(ct_tensor tensor);
int ct_dtype(ct_tensor tensor);
int ct_device(ct_tensor tensor);
bool ct_is_channels_last(ct_tensor tensor);
// Copies the elements in row-major order, whatever the memory format and device; byte_count must be exact.
int ct_copy_data(ct_tensor tensor, void *out, size_t byte_count);

int ct_to(ct_tensor tensor, int dtype, int device, int format, ct_tensor *out);
int ct_unary(int operation, ct_tensor tensor, ct_tensor *out);
// CT_RELU and CT_RELU6 only; recorded by autograd.
int ct_unary_in_place(int operation, ct_tensor tensor);
int ct_binary(int operation, ct_tensor left, ct_tensor right, ct_tensor *out);
int ct_binary_scalar(int operation, ct_tensor left, double right, ct_tensor *out);
int ct_reduce(int operation, ct_tensor tensor, const int64_t *dimensions, size_t count, bool keep, ct_tensor *out);
int ct_softmax(ct_tensor tensor, int64_t dimension, bool logarithm, ct_tensor *out);

int ct_reshape(ct_tensor tensor, const int64_t *shape, size_t rank, ct_tensor *out);
int ct_permute(ct_tensor tensor, const int64_t *order, size_t rank, ct_tensor *out);
int ct_narrow(ct_tensor tensor, int64_t dimension, int64_t start, int64_t length, ct_tensor *out);
int ct_index_select(ct_tensor tensor, int64_t dimension, ct_tensor indices, ct_tensor *out);
int ct_flip(ct_tensor tensor, int64_t dimension, ct_tensor *out);
int ct_join(const ct_tensor *tensors, size_t count, int64_t dimension, bool new_dimension, ct_tensor *out);
int ct_pad(ct_tensor tensor, const int64_t *widths, size_t count, double value, ct_tensor *out);

// weight, bias, statistics may be NULL where PyTorch allows None.
int ct_linear(ct_tensor input, ct_tensor weight, ct_tensor bias, ct_tensor *out);
// Over the last `axes` dimensions, 2 or 3; stride, padding and dilation have one value per axis.
int ct_convolution(ct_tensor input, ct_tensor weight, ct_tensor bias, const int64_t *stride, const int64_t *padding,
                   const int64_t *dilation, size_t axes, int64_t groups, ct_tensor *out);
// The same without bias, groups and dilation, in the input's type, for training: the graph keeps no copy of the weight in that type.
// Rows and columns have one stride and one padding.
// CT_CONVOLUTION: by the library's convolutions; CT_PATCH_GRADIENT: but for the gradient of the weight, one product over all
// patches; CT_POINTWISE_PRODUCT: all by products, for a kernel of one row and one column.
enum { CT_CONVOLUTION = 0, CT_PATCH_GRADIENT, CT_POINTWISE_PRODUCT };
int ct_convolution_trained(ct_tensor input, ct_tensor weight, const int64_t *stride, const int64_t *padding, size_t axes,
                           int method, ct_tensor *out);
int ct_batch_norm(ct_tensor input, ct_tensor weight, ct_tensor bias, ct_tensor mean, ct_tensor variance, bool training,
                  double momentum, double epsilon, ct_tensor *out);
// Over the last `axes` dimensions, 2 or 3; with `ceiling` a last window may reach over the border.
int ct_max_pool(ct_tensor input, const int64_t *kernel, const int64_t *stride, const int64_t *padding, size_t axes,
                bool ceiling, ct_tensor *out);
int ct_average_pool(ct_tensor input, const int64_t *kernel, const int64_t *stride, const int64_t *padding, size_t axes,
                    bool ceiling, bool counts_padding, ct_tensor *out);
// The mean over all dimensions after the second, 2 or 3 of them, which become 1.
int ct_average_pool_to_one(ct_tensor input, ct_tensor *out);
int ct_dropout(ct_tensor input, double probability, bool training, ct_tensor *out);
int ct_cross_entropy(ct_tensor logits, ct_tensor targets, ct_tensor class_weights, ct_tensor *out);
int ct_resize_bilinear(ct_tensor input, int64_t height, int64_t width, ct_tensor *out);
// N x 1 x H x W float32 on the CPU, resampled as ct_resize_bilinear does it, to N x 3 x size x size, channels-last: each of three
// channels is the grey value times its factor plus its offset.
int ct_colour_from_grey(ct_tensor grey, int64_t size, const float *factors, const float *offsets, ct_tensor *out);

int ct_set_requires_grad(ct_tensor tensor, bool required);
bool ct_requires_grad(ct_tensor tensor);
int ct_backward(ct_tensor tensor);
// *out is NULL where there is no gradient.
int ct_grad(ct_tensor tensor, ct_tensor *out);
int ct_clear_grad(ct_tensor tensor);
// Calls action(context) whenever a backward pass has the whole gradient of a leaf, on the thread that has it; a status other
// than 0 ends the pass with the message of ct_last_error(). NULL calls nothing any more.
int ct_on_gradient(ct_tensor leaf, int (*action)(void *), void *context);
int ct_detach(ct_tensor tensor, ct_tensor *out);
bool ct_grad_enabled(void);
void ct_set_grad_enabled(bool enabled);

// In place, outside of autograd.
int ct_copy_into(ct_tensor target, ct_tensor source);
int ct_add_into(ct_tensor target, ct_tensor source, double factor);
int ct_scale_into(ct_tensor target, double factor);

// One step of torch.optim.Adam (decoupled: AdamW) on one parameter, by libtorch's fused kernel. step is a float32 scalar on
// the parameter's device, the moments lie in memory as the parameter does.
int ct_fused_adam(ct_tensor parameter, ct_tensor gradient, ct_tensor first_moment, ct_tensor second_moment, ct_tensor step,
                  double learning_rate, double beta1, double beta2, double weight_decay, double epsilon, bool decoupled);

// Autocast is per thread and nests; dtype is CT_BFLOAT16 or CT_FLOAT16, device as above. The end of the outermost one
// drops the cached casts of the parameters.
int ct_autocast_begin(int device, int dtype);
int ct_autocast_end(void);

// From now on tensors on the CPU of smallest bytes and more lie in one mapping of huge pages that is kept until the process ends;
// without effect where the system has no such mapping, or a second time.
void ct_pool_memory(size_t smallest);
// Gives what is free there, and in the heap, back to the system.
void ct_trim_memory(void);
// Of the calling thread, and of threads that have asked for none yet.
void ct_set_thread_count(int count);
int ct_thread_count(void);
int ct_set_deterministic(bool deterministic);
// Whether a GPU's convolutions may round float32 factors to 10 bits (TF32); its products never do by default.
void ct_allow_tf32(bool allowed);
// On the CPU the generator is the calling thread's own.
int ct_manual_seed(uint64_t seed);
const char *ct_version(void);
const char *ct_cpu_capability(void);
// Whether matrix products of bfloat16 are faster than those of float32 there: AVX-512 BF16 or AMX; on a GPU, Ampere or later.
bool ct_has_fast_bfloat16(int device);
// Whether the processor multiplies tiles of bfloat16 (AMX).
bool ct_has_tile_products(void);
// Loads libtorch_cuda.so once if it is there; false without it or without a GPU.
bool ct_cuda_available(void);
int ct_cuda_device_count(void);
// The model of a CUDA device, such as "NVIDIA H100 80GB HBM3"; empty where it cannot be told.
const char *ct_cuda_device_name(int device);
// Why CUDA is not available, for a person.
const char *ct_cuda_status(void);

#ifdef __cplusplus
}
#endif
