// Memory for the tensors of a training step, which are the same in every step.
#include "internal.h"

#include <c10/core/CPUAllocator.h>
#include <map>
#include <mutex>
#include <set>
#include <unordered_map>

#ifdef __linux__
#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>
#endif

namespace torch_shim {
namespace {

#ifdef __linux__

constexpr size_t unit = 4096, huge_page = size_t(2) << 20;

size_t rounded_up(size_t value, size_t multiple) { return (value + multiple - 1) / multiple * multiple; }

// Blocks in one mapping of huge pages: the smallest free place that fits is taken, and free neighbours become one. Nothing
// small lies between them, so that few holes are left, and pages once touched stay.
class Pool final : public at::Allocator {
public:
  // Address space, not memory; null where the system refuses it.
  static Pool *make(size_t size, size_t smallest) {
    void *base = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (base == MAP_FAILED) return nullptr;
    madvise(base, size, MADV_HUGEPAGE); // a wish
    return new Pool(rounded_up(reinterpret_cast<size_t>(base), huge_page), reinterpret_cast<size_t>(base) + size, smallest);
  }

  at::DataPtr allocate(size_t size) override {
    void *data = size < smallest ? nullptr : take(rounded_up(size, unit));
    if (!data) data = others->raw_allocate(size);
    return {data, data, &release, at::Device(at::kCPU)};
  }

  at::DeleterFnPtr raw_deleter() const override { return &release; }

  void copy_data(void *target, const void *source, size_t count) const override {
    default_copy_data(target, source, count);
  }

  // Gives the pages of free places back to the system.
  void trim() {
    std::lock_guard guard(mutex);
    for (const auto &[start, size] : free_by_start) {
      const size_t first = rounded_up(start, huge_page), end = (start + size) / huge_page * huge_page;
      if (first < end) madvise(reinterpret_cast<void *>(first), end - first, MADV_DONTNEED);
    }
  }

  static Pool *shared;

private:
  Pool(size_t start, size_t end, size_t smallest)
      : smallest(smallest), others(at::GetCPUAllocator()), start(start), end(end) {
    add_free(start, (end - start) / unit * unit);
  }

  void *take(size_t size) {
    std::lock_guard guard(mutex);
    const auto found = free_by_size.lower_bound({size, 0});
    if (found == free_by_size.end()) return nullptr;
    const auto [free_size, free_start] = *found;
    remove_free(free_start, free_size);
    if (free_size > size) add_free(free_start + size, free_size - size);
    used[free_start] = size;
    return reinterpret_cast<void *>(free_start);
  }

  void give(size_t block) {
    std::lock_guard guard(mutex);
    const auto found = used.find(block);
    size_t size = found->second;
    used.erase(found);
    const auto next = free_by_start.find(block + size);
    if (next != free_by_start.end()) {
      const size_t more = next->second;
      remove_free(block + size, more);
      size += more;
    }
    const auto after = free_by_start.lower_bound(block);
    if (after != free_by_start.begin()) {
      const auto [before, before_size] = *std::prev(after);
      if (before + before_size == block) {
        remove_free(before, before_size);
        block = before;
        size += before_size;
      }
    }
    add_free(block, size);
  }

  void add_free(size_t block, size_t size) {
    free_by_start[block] = size;
    free_by_size.insert({size, block});
  }

  void remove_free(size_t block, size_t size) {
    free_by_start.erase(block);
    free_by_size.erase({size, block});
  }

  static void release(void *data) {
    const auto address = reinterpret_cast<size_t>(data);
    if (address >= shared->start && address < shared->end)
      shared->give(address);
    else
      shared->others->raw_deallocate(data);
  }

  const size_t smallest;
  at::Allocator *const others;
  const size_t start, end;
  std::mutex mutex;
  std::map<size_t, size_t> free_by_start;
  std::set<std::pair<size_t, size_t>> free_by_size;
  std::unordered_map<size_t, size_t> used;
};

Pool *Pool::shared = nullptr;

#endif

} // namespace
} // namespace torch_shim

using namespace torch_shim;

extern "C" {

void ct_pool_memory(size_t smallest) {
#ifdef __linux__
  static std::once_flag once;
  std::call_once(once, [&] {
    const size_t memory = static_cast<size_t>(sysconf(_SC_PHYS_PAGES)) * static_cast<size_t>(sysconf(_SC_PAGESIZE));
    Pool::shared = Pool::make(memory, smallest);
    if (Pool::shared) at::SetCPUAllocator(Pool::shared);
  });
#endif
}

void ct_trim_memory(void) {
#ifdef __linux__
  if (Pool::shared) Pool::shared->trim();
  malloc_trim(0);
#endif
}

} // extern "C"
