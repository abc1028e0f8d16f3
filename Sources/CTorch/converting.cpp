// Foreign memory to tensors of another type and order.
#include "internal.h"

using namespace torch_shim;

extern "C" {

int ct_from_data_converted(const void *data, const int64_t *shape, size_t rank, int dtype, int wanted_dtype,
                           bool channels_last, ct_tensor *out) {
  return guarded([&] {
    auto source = at::from_blob(const_cast<void *>(data), list(shape, rank), at::TensorOptions(scalar_type(dtype)));
    // The bytes are the caller's: the result must not lean on them even where nothing is to be converted.
    *out = wrap(source.to(at::TensorOptions(scalar_type(wanted_dtype)), /*non_blocking=*/false, /*copy=*/true,
                          channels_last ? channels_last_of(rank) : at::MemoryFormat::Contiguous));
  });
}

} // extern "C"
